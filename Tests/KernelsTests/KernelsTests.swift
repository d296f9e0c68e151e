import KernelChecks
import Kernels
import Testing

/// The checks themselves are C, in KernelChecks: the same code runs under an emulator for the instruction sets that
/// this processor does not have.
@Suite struct KernelsTests {
    @Test("The scalar kernels agree with double precision", arguments: Check.accuracy)
    func scalarAccuracy(check: Check) throws {
        try check.run("scalar")
    }

    @Test("Finiteness, dispatch", arguments: Check.helpers)
    func helpers(check: Check) throws {
        try check.run("scalar")
    }

    @Test(
        "AVX2 computes the scalar kernels' bits", .enabled(if: runs("avx2"), "this processor has no AVX2, FMA, F16C"),
        arguments: Check.twins)
    func avx2(check: Check) throws {
        try check.run("avx2")
    }

    @Test(
        "AVX2 in several streams computes the scalar kernels' bits",
        .enabled(if: runs("avx2streams"), "this processor has no AVX2, FMA, F16C"), arguments: Check.twins)
    func avx2streams(check: Check) throws {
        try check.run("avx2streams")
    }

    @Test(
        "AVX-512 computes the scalar kernels' bits", .enabled(if: runs("avx512"), "this processor has no AVX-512"),
        arguments: Check.twins)
    func avx512(check: Check) throws {
        try check.run("avx512")
    }

    @Test(
        "AVX-512 with VNNI computes the scalar kernels' bits",
        .enabled(if: runs("avx512vnni"), "this processor has no AVX-512 with VNNI"), arguments: Check.twins)
    func avx512vnni(check: Check) throws {
        try check.run("avx512vnni")
    }

    @Test(
        "AVX-512 with tiles of bytes computes the scalar kernels' bits",
        .enabled(if: runs("avx512amx"), "this processor has no AMX, or the system does not let us use it"),
        arguments: Check.twins)
    func avx512amx(check: Check) throws {
        try check.run("avx512amx")
    }

    @Test(
        "NEON computes the scalar kernels' bits", .enabled(if: runs("neon"), "this processor is not a 64-bit ARM"),
        arguments: Check.twins)
    func neon(check: Check) throws {
        try check.run("neon")
    }

    @Test(
        "NEON with products of bytes computes the scalar kernels' bits",
        .enabled(if: runs("neon-dotprod"), "this processor is not an ARM with products of bytes"),
        arguments: Check.twins)
    func neonDotprod(check: Check) throws {
        try check.run("neon-dotprod")
    }
}

private func runs(_ table: String) -> Bool { kernels_named(table) != nil }

/// One check of the C lists.
struct Check: Sendable, CustomTestStringConvertible {
    let name: String
    private let body: @convention(c) (UnsafePointer<kernels_table>?, UnsafeMutablePointer<kernel_report>?) -> Void

    static let twins = list(kernel_twins())
    static let accuracy = list(kernel_accuracy())
    static let helpers = list(kernel_helpers())

    var testDescription: String { name }

    private static func list(_ checks: kernel_check_list) -> [Check] {
        UnsafeBufferPointer(start: checks.checks, count: checks.count).map { check in
            Check(name: String(cString: check.name), body: check.run)
        }
    }

    func run(_ name: String) throws {
        let table = try #require(kernels_named(name))
        var report = kernel_report()
        body(table, &report)
        let fault = withUnsafeBytes(of: &report.first_fault) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        #expect(report.compared > 0)
        #expect(report.faults == 0, "\(report.faults) of \(report.compared) values are wrong; the first: \(fault)")
    }
}
