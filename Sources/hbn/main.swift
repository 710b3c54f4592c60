import Training
import AttentionUNet
import TensorCore
import Foundation
var s = ModelSettings()
let a = CommandLine.arguments
s.height = Int(a[1])!; s.width = Int(a[2])!; s.baseFilters = Int(a[3])!
let batch = Int(a[4])!
let n = Network.attentionUNet(s)
print("params", n.parameterLayout.count, n.parameterLayout.trainableCount, n.trainingOperationsPerSample)
let lane = try LaneComputation(network: n, numerics: NumericsSettings())
let p = n.parameterLayout.initialParameters(seed: 1)
let g = UnsafeMutablePointer<Float>.allocate(capacity: n.parameterLayout.gradientCount)
let im = UnsafeMutablePointer<Float>.allocate(capacity: batch*s.height*s.width*3)
for i in 0..<batch*s.height*s.width*3 { im[i] = sin(Float(i)) }
let labels: [Int32] = (0..<batch).map { Int32($0 % 2) }
for k in 0..<4 {
let t0 = Date()
let r = try labels.withUnsafeBufferPointer { try lane.train(ShardInput(samples: batch, images: im, labels: $0.baseAddress!, stepSamples: batch, dropout: nil), parameters: p.base, version: UInt64(k), gradients: g) }
let dt = Date().timeIntervalSince(t0)
print(r.outcome, dt, Double(n.trainingOperationsPerSample*batch)/dt/1e9, "GFLOP/s", lane.arenaByteCount/1_000_000, "MB")
}
