import Testing

@testable import Programs

private let text = LiveText(
    .init("epoch 1/2"), .init("step 3/4"), .init("12.5 samples/s", rank: 2), .init("loss 0.6931", rank: 1),
    .init("2 workers", rank: 3))

@Test(arguments: [
    (100, "epoch 1/2  step 3/4  12.5 samples/s  loss 0.6931  2 workers"),
    (59, "epoch 1/2  step 3/4  12.5 samples/s  loss 0.6931  2 workers"),
    (58, "epoch 1/2  step 3/4  12.5 samples/s  loss 0.6931"),
    (47, "epoch 1/2  step 3/4  loss 0.6931"), (31, "epoch 1/2  step 3/4"), (12, "epoch 1/2  s"), (0, ""), (-1, ""),
])
func whatMattersLeastIsLeftOutFirstAndTheRestIsCut(columns: Int, shown: String) {
    #expect(text.fitted(to: columns) == shown)
}

@Test(arguments: [(5, "脈拍"), (4, "脈拍"), (3, "脈"), (1, "")])
func wideLettersTakeTwoColumns(columns: Int, shown: String) {
    #expect(LiveText(.init("脈拍")).fitted(to: columns) == shown)
}

@Test func elsewhereThanOnATerminalAllIsSaid() {
    #expect(text.whole == "epoch 1/2  step 3/4  12.5 samples/s  loss 0.6931  2 workers")
}
