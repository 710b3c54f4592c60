internal import CTensorBoard
import Digests
import Protobuf

extension Event {
    /// The bytes of this event in a file: a record of TensorFlow's, which is a length and the message, each with a
    /// checksum.
    ///
    /// `seconds` is the time since 1970 at which it happened.
    func record(seconds: Double) -> [UInt8] {
        let message = message(seconds: seconds)
        let length = withUnsafeBytes(of: UInt64(message.count).littleEndian, Array.init)
        return length + Self.maskedChecksum(of: length) + message + Self.maskedChecksum(of: message)
    }

    /// TensorFlow turns and shifts the checksum, lest that of a record in a record be the same again.
    private static func maskedChecksum(of bytes: [UInt8]) -> [UInt8] {
        let sum = CRC32C.checksum(of: bytes)
        return withUnsafeBytes(of: ((sum >> 15 | sum << 17) &+ 0xA282_EAD8).littleEndian, Array.init)
    }

    private func message(seconds: Double) -> [UInt8] {
        let store = EncodingStore()
        let event = store.make(tensorboard__event__init) { event in
            (event.has_wall_time, event.wall_time) = (1, seconds)
            if step != 0 { (event.has_step, event.step) = (1, Int64(step)) }
            switch content {
            case .version:
                event.what_case = TENSORBOARD__EVENT__WHAT_FILE_VERSION
                event.file_version = store.string("brain.Event:2")
            case .start:
                event.what_case = TENSORBOARD__EVENT__WHAT_SESSION_LOG
                event.session_log = store.make(tensorboard__session_log__init) {
                    ($0.has_status, $0.status) = (1, TENSORBOARD__SESSION_LOG__SESSION_STATUS__START)
                }
            case .summary(let values):
                event.what_case = TENSORBOARD__EVENT__WHAT_SUMMARY
                event.summary = store.make(tensorboard__summary__init) {
                    ($0.value, $0.n_value) = store.list(values.map(store.value))
                }
            }
        }
        return store.packed(event, size: tensorboard__event__get_packed_size, pack: tensorboard__event__pack)
    }
}

extension EncodingStore {
    fileprivate func value(_ value: Event.Value) -> UnsafeMutablePointer<Tensorboard__Summary__Value> {
        make(tensorboard__summary__value__init) {
            $0.tag = string(value.tag)
            switch value.content {
            case .scalar(let number):
                $0.value_case = TENSORBOARD__SUMMARY__VALUE__VALUE_SIMPLE_VALUE
                $0.simple_value = number
            case .picture(let png, let height, let width):
                $0.value_case = TENSORBOARD__SUMMARY__VALUE__VALUE_IMAGE
                $0.image = make(tensorboard__summary__image__init) {
                    ($0.has_height, $0.height) = (1, Int32(height))
                    ($0.has_width, $0.width) = (1, Int32(width))
                    ($0.has_colorspace, $0.colorspace) = (1, 3)
                    let (data, count) = numbers(png)
                    ($0.has_encoded_image_string, $0.encoded_image_string) = (1, .init(len: count, data: data))
                }
            }
        }
    }
}
