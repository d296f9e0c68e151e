package import Files

/// The error that `body` throws, to be looked at; nil if it throws none.
package func caughtError<Result>(_ body: () throws(InputError) -> Result) -> InputError? {
    do throws(InputError) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}
