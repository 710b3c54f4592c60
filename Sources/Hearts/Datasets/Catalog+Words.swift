import Foundation

extension Catalog {
    /// Whether its recordings are made by the program.
    var isSynthetic: Bool {
        !entries.isEmpty && entries.allSatisfy { if case .synthetic = $0.content { true } else { false } }
    }

    /// What lies there and is not used, a line for each ending and reason, the most frequent first.
    var leftOut: [(files: [String], text: String)] {
        struct Kind: Hashable {
            let ending: String
            let reason: String
        }
        let kinds = Dictionary(grouping: passedOver) { file in
            Kind(ending: (file.name as NSString).pathExtension.lowercased(), reason: file.reason)
        }
        let order = kinds.sorted {
            (-$0.value.count, $0.key.ending, $0.key.reason) < (-$1.value.count, $1.key.ending, $1.key.reason)
        }
        return order.map { kind, files in
            let names = files.map(\.name)
            guard names.count > 1 else { return (names, "\(names[0]): \(kind.reason)") }
            let what = kind.ending.isEmpty ? "without an ending" : "that end in .\(kind.ending)"
            return (names, "\(names.count) files \(what), such as \(names[0]): \(kind.reason)")
        }
    }

    /// The same, and the number of recordings that no list names.
    var leftOutNotes: [String] {
        let unlisted =
            unlisted.isEmpty ? [] : ["\(unlisted.count) recordings, such as \(unlisted[0]): in no list of what counts"]
        return (unlisted + leftOut.map(\.text)).map { "left out: \($0)" }
    }
}
