internal import Dispatch
internal import Synchronization

/// Something that another thread makes while the caller goes on.
package final class Meanwhile<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let isMade = DispatchSemaphore(value: 0)

    /// Starts `make` at once; where the system refuses a thread, the caller does it here.
    package init(_ make: @escaping @Sendable () -> Value) {
        let work: @Sendable () -> Void = { [self] in
            let made = make()
            value.withLock { $0 = made }
            isMade.signal()
        }
        if !startThread(work) { work() }
    }

    /// What was made, once it is.
    package func get() -> Value {
        isMade.wait()
        isMade.signal()
        guard let made = value.withLock({ $0 }) else { preconditionFailure("nothing was made") }
        return made
    }
}
