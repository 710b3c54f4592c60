internal import COneDNN

/// What a memory is to a primitive. The numbers are oneDNN's.
public enum Argument: Int32 {
    case source = 1
    case destination = 17
    case weights = 33
    case bias = 41
    case mean = 49
    case variance = 50
    case scale = 51
    case shift = 52
    case workspace = 64
    case scratchpad = 80
    case sourceGradient = 129
    case destinationGradient = 145
    case weightsGradient = 161
    case biasGradient = 169
    case scaleGradient = 255
    case shiftGradient = 256
}

/// A primitive with its shapes, layouts and algorithm fixed, and no memory yet.
public final class PrimitiveDescriptor {
    let descriptor: dnnl_primitive_desc_t

    init(_ descriptor: dnnl_primitive_desc_t) { self.descriptor = descriptor }

    deinit { dnnl_primitive_desc_destroy(descriptor) }

    /// The layout this primitive wants for an argument.
    public func layout(of argument: Argument) -> Layout {
        // oneDNN owns the answer; an argument that the primitive does not have is an empty descriptor.
        Layout(dnnl_primitive_desc_query_md(descriptor, dnnl_query_exec_arg_md, argument.rawValue).pointee)
    }
}

/// A place in memory with a layout. The bytes belong to somebody else.
public final class Memory {
    public let layout: Layout
    let memory: dnnl_memory_t
    private let engine: Engine  // Outlives its memories.

    /// The bytes; set before the primitive runs.
    public var pointer: UnsafeMutableRawPointer? {
        didSet { dnnl_memory_set_data_handle(memory, pointer) }
    }

    public init(_ layout: Layout, on engine: Engine) throws(OneDNNError) {
        self.layout = layout
        self.engine = engine
        var memory: dnnl_memory_t?
        try check(
            withUnsafePointer(to: layout.descriptor) {
                dnnl_memory_create(&memory, $0, engine.engine, hbn_dnnl_memory_none())
            }, "dnnl_memory_create")
        self.memory = memory!
    }

    deinit { dnnl_memory_destroy(memory) }
}

/// A compiled primitive with its arguments.
public final class Primitive {
    private let primitive: dnnl_primitive_t
    private let engine: Engine
    private let memories: [Memory]  // Keeps alive what `arguments` names.
    private let arguments: UnsafeMutableBufferPointer<dnnl_exec_arg_t>

    public init(
        _ descriptor: PrimitiveDescriptor, on engine: Engine, _ arguments: [Argument: Memory]
    ) throws(OneDNNError) {
        var primitive: dnnl_primitive_t?
        try check(dnnl_primitive_create(&primitive, descriptor.descriptor), "dnnl_primitive_create")
        self.primitive = primitive!
        self.engine = engine
        memories = Array(arguments.values)
        self.arguments = .allocate(capacity: arguments.count)
        for (i, (argument, memory)) in arguments.enumerated() {
            self.arguments[i] = dnnl_exec_arg_t(arg: argument.rawValue, memory: memory.memory)
        }
    }

    deinit {
        dnnl_primitive_destroy(primitive)
        arguments.deallocate()
    }

    /// Computes, and returns when done: a CPU stream runs in order on the calling thread.
    public func run() {
        let status = dnnl_primitive_execute(primitive, engine.stream, Int32(arguments.count), arguments.baseAddress)
        precondition(status == dnnl_success, "dnnl_primitive_execute failed with status \(status.rawValue)")
    }
}
