internal import Kernels

/// Gives memory that was allocated and freed again back to the system, where the allocator would keep it: what reading
/// files has left is of no use to a program that then computes for long.
package func returnFreedMemory() { memory_trim() }
