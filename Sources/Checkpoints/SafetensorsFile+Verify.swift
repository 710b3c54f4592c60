import Digests

extension SafetensorsFile {
    /// Whether there are digests to verify the file by; files of other programs have none.
    public var isVerifiable: Bool { metadata[HeaderText.dataDigestKey] != nil }

    /// Whether another program has written the file, with the metadata and so the digests of one of ours.
    public var isSavedAgain: Bool { isVerifiable && !headerBytes.starts(with: HeaderText.beforeHeaderDigest.utf8) }

    /// Throws unless these are all tensors of a file that another program has saved again, and their data, in this order, are
    /// those that the digest in the metadata was made of.
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
        guard !isSavedAgain else {
            throw CheckpointError(
                .damaged, path,
                "another program has saved it again, with the metadata of the file it comes from, whose digests do not fit; "
                    + "save it without metadata, or use that file")
        }
        let header = Array(headerBytes)
        guard let expectedHeader = metadata[HeaderText.headerDigestKey],
            let expectedData = metadata[HeaderText.dataDigestKey],
            header.count >= HeaderText.dataDigestRange.upperBound,
            header[HeaderText.headerDigestRange].elementsEqual(expectedHeader.utf8)
        else {
            throw CheckpointError(
                .damaged, path, "it carries no digests to verify it by; use a file that this program wrote")
        }
        var blanked = header
        blanked.replaceSubrange(HeaderText.headerDigestRange, with: HeaderText.noDigest.utf8)
        guard SHA256.digest(of: blanked) == expectedHeader else {
            throw CheckpointError(
                .damaged, path, "its header was changed: the digest differs from header_sha256; use an older checkpoint"
            )
        }
        var digest = SHA256()
        forEachDataBlock { digest.update($0) }
        guard digest.finalize() == expectedData else {
            throw CheckpointError(
                .damaged, path, "its data were changed: the digest differs from sha256; use an older checkpoint")
        }
    }
}
