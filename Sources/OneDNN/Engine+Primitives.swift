internal import COneDNN

/// A function applied to every element.
public enum Activation: Hashable, Sendable {
    case relu
    case sigmoid

    var forward: dnnl_alg_kind_t {
        switch self {
        case .relu: dnnl_eltwise_relu
        case .sigmoid: dnnl_eltwise_logistic
        }
    }

    /// The derivative computed from the output, so that the input need not be kept.
    var backward: dnnl_alg_kind_t {
        switch self {
        case .relu: dnnl_eltwise_relu_use_dst_for_bwd
        case .sigmoid: dnnl_eltwise_logistic_use_dst_for_bwd
        }
    }
}

extension Engine {
    /// The gradient of an activation's input from the gradient and the value of its output; may work in place.
    public func activationBackward(_ activation: Activation, layout: Layout) throws(OneDNNError) -> PrimitiveDescriptor
    {
        // The forward primitive is only the hint that the interface asks for.
        var forward = dnnl_eltwise_desc_t()
        var backward = dnnl_eltwise_desc_t()
        var data = layout.descriptor
        try check(
            dnnl_eltwise_forward_desc_init(&forward, dnnl_forward_training, activation.backward, &data, 0, 0),
            "dnnl_eltwise_forward_desc_init")
        try check(
            dnnl_eltwise_backward_desc_init(&backward, activation.backward, &data, &data, 0, 0),
            "dnnl_eltwise_backward_desc_init")
        return try create(&backward, "eltwise backward", hint: try create(&forward, "eltwise forward"))
    }

    /// Max-pooling over windows of `size` x `size` with the same stride.
    public func maxPoolForward(
        source: Layout, destination: Layout, size: Int, training: Bool
    ) throws(OneDNNError) -> PrimitiveDescriptor {
        var pooling = dnnl_pooling_desc_t()
        var (source, destination) = (source.descriptor, destination.descriptor)
        try withDimensions([size, size], [0, 0]) { (window, padding) throws(OneDNNError) in
            try check(
                dnnl_pooling_forward_desc_init(
                    &pooling, training ? dnnl_forward_training : dnnl_forward_inference, dnnl_pooling_max, &source,
                    &destination, window, window, padding, padding), "dnnl_pooling_forward_desc_init")
        }
        return try create(&pooling, "max-pool forward")
    }

    public func maxPoolBackward(
        source: Layout, destination: Layout, size: Int, forward: PrimitiveDescriptor
    ) throws(OneDNNError) -> PrimitiveDescriptor {
        var pooling = dnnl_pooling_desc_t()
        var (source, destination) = (source.descriptor, destination.descriptor)
        try withDimensions([size, size], [0, 0]) { (window, padding) throws(OneDNNError) in
            try check(
                dnnl_pooling_backward_desc_init(
                    &pooling, dnnl_pooling_max, &source, &destination, window, window, padding, padding),
                "dnnl_pooling_backward_desc_init")
        }
        return try create(&pooling, "max-pool backward", hint: forward)
    }

    /// Batch normalization with scale and shift. In training, mean and variance are results; else they are given.
    public func batchNormForward(
        layout: Layout, epsilon: Float, training: Bool
    ) throws(OneDNNError) -> PrimitiveDescriptor {
        var norm = dnnl_batch_normalization_desc_t()
        var data = layout.descriptor
        let flags =
            dnnl_use_scale.rawValue | dnnl_use_shift.rawValue
            | (training ? 0 : dnnl_use_global_stats.rawValue)
        try check(
            dnnl_batch_normalization_forward_desc_init(
                &norm, training ? dnnl_forward_training : dnnl_forward_inference, &data, epsilon, flags),
            "dnnl_batch_normalization_forward_desc_init")
        return try create(&norm, "batch norm forward")
    }

    public func batchNormBackward(
        layout: Layout, epsilon: Float, forward: PrimitiveDescriptor
    ) throws(OneDNNError) -> PrimitiveDescriptor {
        var norm = dnnl_batch_normalization_desc_t()
        var data = layout.descriptor
        let flags = dnnl_use_scale.rawValue | dnnl_use_shift.rawValue
        try check(
            dnnl_batch_normalization_backward_desc_init(&norm, dnnl_backward, &data, &data, epsilon, flags),
            "dnnl_batch_normalization_backward_desc_init")
        return try create(&norm, "batch norm backward", hint: forward)
    }

    /// A copy from one layout to another.
    public func reorder(from source: Layout, to destination: Layout) throws(OneDNNError) -> PrimitiveDescriptor {
        var (source, destination) = (source.descriptor, destination.descriptor)
        var descriptor: dnnl_primitive_desc_t?
        let attributes = try Attributes()
        try check(
            dnnl_reorder_primitive_desc_create(
                &descriptor, &source, engine, &destination, engine, attributes.attributes),
            "dnnl_reorder_primitive_desc_create")
        return PrimitiveDescriptor(descriptor!)
    }

    /// Makes the primitive descriptor of an operation descriptor.
    func create<Operation>(
        _ operation: inout Operation, _ name: StaticString, activation: Activation? = nil,
        hint: PrimitiveDescriptor? = nil
    ) throws(OneDNNError) -> PrimitiveDescriptor {
        let attributes = try Attributes(activation: activation)
        var descriptor: dnnl_primitive_desc_t?
        let status = withUnsafePointer(to: &operation) {
            dnnl_primitive_desc_create(&descriptor, $0, attributes.attributes, engine, hint?.descriptor)
        }
        try check(status, name)
        return PrimitiveDescriptor(descriptor!)
    }
}

/// Every primitive takes its scratchpad from the plan's arena, and some an activation after the sum.
private final class Attributes {
    let attributes: dnnl_primitive_attr_t

    init(activation: Activation? = nil) throws(OneDNNError) {
        var attributes: dnnl_primitive_attr_t?
        try check(dnnl_primitive_attr_create(&attributes), "dnnl_primitive_attr_create")
        self.attributes = attributes!
        try check(
            dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
            "dnnl_primitive_attr_set_scratchpad_mode")
        guard let activation else { return }
        var operations: dnnl_post_ops_t?
        try check(dnnl_post_ops_create(&operations), "dnnl_post_ops_create")
        defer { dnnl_post_ops_destroy(operations) }
        try check(
            dnnl_post_ops_append_eltwise(operations, 1, activation.forward, 0, 0), "dnnl_post_ops_append_eltwise")
        try check(dnnl_primitive_attr_set_post_ops(attributes, operations), "dnnl_primitive_attr_set_post_ops")
    }

    deinit { dnnl_primitive_attr_destroy(attributes) }
}
