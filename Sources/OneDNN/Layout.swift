internal import COneDNN

/// How a float tensor lies in memory: oneDNN's memory descriptor.
public struct Layout: Equatable {
    var descriptor: dnnl_memory_desc_t

    init(_ descriptor: dnnl_memory_desc_t) { self.descriptor = descriptor }

    private init(_ dimensions: [Int], tag: dnnl_format_tag_t) {
        var descriptor = dnnl_memory_desc_t()
        var status = dnnl_success
        withDimensions(dimensions, []) { dims, _ in
            status = dnnl_memory_desc_init_by_tag(&descriptor, Int32(dimensions.count), dims, dnnl_f32, tag)
        }
        precondition(status == dnnl_success, "no layout of dimensions \(dimensions)")
        self.descriptor = descriptor
    }

    /// Whatever the primitive likes best. `dimensions` in oneDNN's order: `[n, c, h, w]`, `[o, i, h, w]`.
    public static func any(_ dimensions: [Int]) -> Layout { Layout(dimensions, tag: dnnl_format_tag_any) }

    /// A vector.
    public static func vector(_ count: Int) -> Layout { Layout([count], tag: dnnl_a) }

    /// `[n, h, w, c]` in memory.
    public static func channelsLast(_ n: Int, _ c: Int, _ h: Int, _ w: Int) -> Layout {
        Layout([n, c, h, w], tag: dnnl_acdb)
    }

    /// `[n, c / 16, h, w, 16]` in memory, for dimensions `[n, c, h, w]`.
    public static func blocked(_ dimensions: [Int]) -> Layout { Layout(dimensions, tag: dnnl_aBcd16b) }

    /// Keras' order of a convolution's kernel: `[h, w, in, out]` in memory.
    public static func kernelHWIO(_ out: Int, _ input: Int, _ h: Int, _ w: Int) -> Layout {
        Layout([out, input, h, w], tag: dnnl_cdba)
    }

    /// Keras' order of a transposed convolution's kernel: `[h, w, out, in]` in memory.
    public static func kernelHWOI(_ out: Int, _ input: Int, _ h: Int, _ w: Int) -> Layout {
        // oneDNN has no tag for this order.
        var descriptor = dnnl_memory_desc_t()
        var status = dnnl_success
        withDimensions([out, input, h, w], [input, 1, w * out * input, out * input]) { dims, strides in
            status = dnnl_memory_desc_init_by_strides(&descriptor, 4, dims, dnnl_f32, strides)
        }
        precondition(status == dnnl_success, "no kernel layout of \(out) x \(input) x \(h) x \(w)")
        return Layout(descriptor)
    }

    public static func == (a: Layout, b: Layout) -> Bool {
        withUnsafePointer(to: a.descriptor) { a in
            withUnsafePointer(to: b.descriptor) { b in dnnl_memory_desc_equal(a, b) != 0 }
        }
    }

    /// Bytes needed, padding included; 0 for the layout of something that is not there.
    public var byteCount: Int {
        withUnsafePointer(to: descriptor) { dnnl_memory_desc_get_size($0) }
    }

    /// For an activation `[n, c, h, w]`: the number b of channels that lie side by side, where memory is
    /// `[n][c / b][h][w][b]`. That covers nchw (1), nhwc (c), nChw8c and nChw16c; nil for any other layout.
    public var channelBlock: Int? {
        guard descriptor.ndims == 4, descriptor.format_kind == dnnl_blocked else { return nil }
        let blocking = descriptor.format_desc.blocking
        let (c, h, w) = (Int(descriptor.dims.1), Int(descriptor.dims.2), Int(descriptor.dims.3))
        let strides = (blocking.strides.0, blocking.strides.1, blocking.strides.2, blocking.strides.3)
        let block: Int
        switch blocking.inner_nblks {
        case 0: block = strides.1 == 1 && c > 1 ? c : (c == 1 ? 1 : (strides.3 == 1 ? 1 : 0))
        case 1: block = blocking.inner_idxs.0 == 1 ? Int(blocking.inner_blks.0) : 0
        default: block = 0
        }
        guard block > 0 else { return nil }
        let blocks = (c + block - 1) / block
        let dense = strides.3 == block && strides.2 == block * w && strides.0 == block * blocks * h * w
        let blockStride = blocks == 1 || strides.1 == block * h * w
        return dense && (block == c || blockStride) ? block : nil
    }
}

/// Passes two lists of dimensions as the pointers that oneDNN takes, to be read at once.
func withDimensions<Failure: Error>(
    _ a: [Int], _ b: [Int],
    _ body: (UnsafePointer<dnnl_dim_t>, UnsafePointer<dnnl_dim_t>) throws(Failure) -> Void
) throws(Failure) {
    let both = (a + b).map(dnnl_dim_t.init)
    try both.withUnsafeBufferPointer { both throws(Failure) in
        try body(both.baseAddress!, both.baseAddress! + a.count)
    }
}
