import Testing

@testable import Augmentation

@Test func aMaskHidesItsRectangleOnly() {
    let (height, width) = (4, 5)
    var image = [Float](repeating: 9, count: 3 * height * width)
    image.withUnsafeMutableBufferPointer {
        SpectrogramMask(rows: 1..<3, columns: 2..<5).hide(in: $0, width: width, colour: [1, 2, 3])
    }
    for row in 0..<height {
        for column in 0..<width {
            let pixel = Array(image[3 * (row * width + column)..<3 * (row * width + column + 1)])
            #expect(pixel == ((1..<3).contains(row) && (2..<5).contains(column) ? [1, 2, 3] : [9, 9, 9]))
        }
    }
}

@Test func theMeanIsThatOfEachChannel() {
    let mean = [0, 255, 10, 255, 255, 20, 255, 255, 30, 0, 255, 40].withUnsafeBufferPointer(meanColour)
    #expect(mean == [0, 1, 25 / 127.5 - 1])
}
