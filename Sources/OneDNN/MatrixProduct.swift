internal import COneDNN

/// C = A B, row-major floats: A is m x k, B is k x n, or their transposes where said so.
///
/// Computes with the calling thread's number of OpenMP threads, in an order of additions that depends only on the
/// sizes.
public func matrixProduct(
    _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, transposedA transposeA: Bool = false,
    _ b: UnsafePointer<Float>, transposedB transposeB: Bool = false, into c: UnsafeMutablePointer<Float>
) {
    let t = CChar(UInt8(ascii: "T"))
    let plain = CChar(UInt8(ascii: "N"))
    let status = dnnl_sgemm(
        transposeA ? t : plain, transposeB ? t : plain, dnnl_dim_t(m), dnnl_dim_t(n), dnnl_dim_t(k), 1, a,
        dnnl_dim_t(transposeA ? m : k), b, dnnl_dim_t(transposeB ? k : n), 0, c, dnnl_dim_t(n))
    precondition(status == dnnl_success, "dnnl_sgemm failed with status \(status.rawValue)")
}

/// Makes the calling thread's matrix products compute on that thread alone.
public func computeOnThisThreadOnly() { omp_set_num_threads(1) }
