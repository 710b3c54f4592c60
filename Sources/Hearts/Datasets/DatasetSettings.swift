import Spectrograms

/// How recordings become samples.
public struct DatasetSettings: Codable, Hashable, Sendable {
    /// How a window of sound becomes a picture; its height and width are those of picture files too.
    public var spectrogram: SpectrogramSettings

    /// The length of a window; nil makes one sample of a whole recording.
    public var windowSeconds: Double?

    /// The time from one window's start to the next; nil puts window after window.
    public var windowHopSeconds: Double?

    /// Where a recording has more windows, these many are taken, evenly spread; nil takes all.
    public var maximumWindowsPerRecording: Int?

    public init(
        spectrogram: SpectrogramSettings, windowSeconds: Double? = nil, windowHopSeconds: Double? = nil,
        maximumWindowsPerRecording: Int? = nil
    ) {
        self.spectrogram = spectrogram
        self.windowSeconds = windowSeconds
        self.windowHopSeconds = windowHopSeconds
        self.maximumWindowsPerRecording = maximumWindowsPerRecording
    }

    /// Bytes in one picture.
    var pictureSize: Int { 3 * spectrogram.height * spectrogram.width }

    /// The windows' cut; nil where a whole recording is one sample.
    func windowing() throws -> Windowing? {
        guard let seconds = windowSeconds else { return nil }
        return Windowing(
            length: try samples(seconds, setting: "window length"),
            hop: try samples(windowHopSeconds ?? seconds, setting: "window hop"),
            maximum: try maximumWindowsPerRecording.map(checkedMaximum))
    }

    private func samples(_ seconds: Double, setting: String) throws -> Int {
        let samples = (seconds * Double(spectrogram.sampleRate)).rounded()
        guard samples >= 1, seconds <= 3600 else {
            throw DatasetError(
                name: setting, problem: "\(seconds) seconds cannot be cut",
                remedy: "give a time from one sample to 3600 seconds")
        }
        return Int(samples)
    }

    private func checkedMaximum(_ maximum: Int) throws -> Int {
        guard maximum >= 1 else {
            throw DatasetError(
                name: "windows per recording", problem: "\(maximum) leaves no samples", remedy: "give at least 1")
        }
        return maximum
    }
}
