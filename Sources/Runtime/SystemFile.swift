#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The first kilobytes of a file in which the kernel says something of the machine, without white space at the end; nil if
/// it cannot be read.
func systemText(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 8192)
    let count = read(descriptor, &bytes, bytes.count)
    guard count > 0 else { return nil }
    var text = String(decoding: bytes.prefix(count), as: UTF8.self)
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
}
