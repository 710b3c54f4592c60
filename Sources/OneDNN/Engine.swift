internal import COneDNN

/// The CPU engine and its stream. Created and used on one thread, like everything made from it.
public final class Engine {
    let engine: dnnl_engine_t
    let stream: dnnl_stream_t

    /// Makes the calling thread's primitives compute with `threads` OpenMP threads.
    ///
    /// The number is a property of the calling thread in GNU OpenMP, and primitives fix their blocking by it when they
    /// are created; so it is set here, before the first one.
    public init(threads: Int = 1) throws(OneDNNError) {
        precondition(threads > 0, "Engine: \(threads) threads")
        omp_set_num_threads(Int32(threads))
        var engine: dnnl_engine_t?
        try check(dnnl_engine_create(&engine, dnnl_cpu, 0), "dnnl_engine_create")
        var stream: dnnl_stream_t?
        let status = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags.rawValue)
        if status != dnnl_success { dnnl_engine_destroy(engine) }
        try check(status, "dnnl_stream_create")
        self.engine = engine!
        self.stream = stream!
    }

    deinit {
        dnnl_stream_destroy(stream)
        dnnl_engine_destroy(engine)
    }

    /// oneDNN's version, as it reports itself.
    public static var version: String {
        guard let version = dnnl_version()?.pointee else { return "unknown" }
        return "\(version.major).\(version.minor).\(version.patch)"
    }
}
