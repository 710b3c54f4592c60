import Images
import TensorCore
import Testing

@testable import Runs

@Test func aPictureIsBrightWhereItsGateLetsMostThrough() {
    let picture = Image(width: 4, height: 2, pixels: [UInt8](repeating: 200, count: 24))
    let map = AttentionMap(name: "gate", height: 1, width: 2, factors: [0.3, 0.5])
    let row = [30, 30, 200, 200].flatMap { [UInt8](repeating: $0, count: 3) }
    #expect(picture.lit(by: map).pixels == row + row)
    let even = AttentionMap(name: "gate", height: 1, width: 1, factors: [0.4])
    #expect(picture.lit(by: even) == picture)
}
