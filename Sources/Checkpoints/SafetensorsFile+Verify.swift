import Digests

extension SafetensorsFile {
    /// Whether there are digests to verify the file by; files of other programs have none.
    public var isVerifiable: Bool { metadata[HeaderText.dataDigestKey] != nil }

    /// Compares header and data with the digests that `SafetensorsWriter` put into the metadata, and throws if either
    /// was changed since.
    public func verify() throws(CheckpointError) {
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
