#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Runs `body` on a new thread of the system that nobody joins. False if the system refuses one.
///
/// Compute has threads of its own: Swift's cooperative pool must stay free for what awaits it.
package func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let context = Unmanaged.passRetained(Box(body)).toOpaque()
    // Kernels hold some tens of kilobytes, and more where nothing is optimised; musl gives a thread 128 kB.
    var (attributes, stackSize) = (pthread_attr_t(), 0)
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    if pthread_attr_getstacksize(&attributes, &stackSize) == 0, stackSize < leastStackSize {
        pthread_attr_setstacksize(&attributes, leastStackSize)
    }
    #if canImport(Darwin)
        var thread: pthread_t?
        let status = pthread_create(
            &thread, &attributes,
            {
                Unmanaged<Box>.fromOpaque($0).takeRetainedValue().body(); return nil
            }, context)
        if status == 0, let thread { pthread_detach(thread) }
    #else
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { context in
                if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            }, context)
        if status == 0 { pthread_detach(thread) }
    #endif
    if status != 0 { Unmanaged<Box>.fromOpaque(context).release() }
    return status == 0
}

private let leastStackSize = 1 << 20
