import Digests

extension SafetensorsFile {
    /// Whether there are digests to verify the file by; files of other programs have none.
    public var isVerifiable: Bool { metadata[HeaderText.dataDigestKey] != nil }

    /// Whether the header is not the one that the digests in the metadata were made of: it was changed, or another
    /// program has written the file with the metadata of one of ours.
    public var isSavedAgain: Bool { isVerifiable && !hasOwnHeader }

    private var hasOwnHeader: Bool {
        let header = Array(headerBytes)
        guard let expected = metadata[HeaderText.headerDigestKey],
            header.count >= HeaderText.dataDigestRange.upperBound,
            header[HeaderText.headerDigestRange].elementsEqual(expected.utf8)
        else { return false }
        var blanked = header
        blanked.replaceSubrange(HeaderText.headerDigestRange, with: HeaderText.noDigest.utf8)
        return SHA256.digest(of: blanked) == expected
    }

    /// Throws unless these are all tensors of a file that another program has saved again, and their data, in this
    /// order, are those that the digest in the metadata was made of.
    public func verify(dataOf names: [String]) throws {
        var digest = SHA256()
        for name in names { try forEachBlock(of: name) { digest.update($0) } }
        guard Set(names) == Set(tensors.map(\.name)), digest.finalize() == metadata[HeaderText.dataDigestKey] else {
            throw CheckpointError(
                .damaged, path,
                "its data are not those that its metadata were made for: another program has changed it and saved it again; "
                    + "save it without metadata")
        }
    }

    /// Compares header and data with the digests that `SafetensorsWriter` put into the metadata, and throws if either
    /// was changed since.
    public func verify() throws(CheckpointError) {
        guard metadata[HeaderText.headerDigestKey] != nil, let expectedData = metadata[HeaderText.dataDigestKey] else {
            throw CheckpointError(
                .damaged, path, "it carries no digests to verify it by; use a file that this program wrote")
        }
        guard hasOwnHeader else {
            throw CheckpointError(
                .damaged, path,
                "its header was changed: the digest differs from header_sha256; use an older checkpoint, or, where another program "
                    + "has saved it again, save it without metadata")
        }
        var digest = SHA256()
        forEachDataBlock { digest.update($0) }
        guard digest.finalize() == expectedData else {
            throw CheckpointError(
                .damaged, path, "its data were changed: the digest differs from sha256; use an older checkpoint")
        }
    }
}
