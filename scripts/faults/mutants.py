"""Small faults in the code, each of which the tests must find: scripts/mutants puts them in one by one.

A fault is a file of Sources, what stands there once, what stands there instead, and the tests that are to find it."""

import typing


class Mutant(typing.NamedTuple):
    file: str
    right: str
    wrong: str
    tests: str


LOGIC = "Cluster/ClusterLogic"
SERVING = "Cluster/ParameterServing"

ALL = [
    # The coordinator's steps.
    Mutant(f"{LOGIC}/Steps.swift", "step == awaited, isPlaced", "isPlaced", "StepsTests"),
    Mutant(f"{LOGIC}/Steps.swift", "if closed == step { closed = nil }", "", "StepsTests"),
    Mutant(f"{LOGIC}/Steps.swift",
           "versions.allSatisfy({ $0 == step + 1 })", "versions.contains(step + 1)", "StepsTests"),
    Mutant(f"{LOGIC}/Steps.swift", "self.version...self.version + 1).contains(version)",
           "self.version...(.max)).contains(version)", "StepsTests"),
    Mutant(f"{LOGIC}/Steps.swift", "max(versions[server] ?? version, version)", "version", "StepsTests"),
    Mutant(f"{LOGIC}/Steps.swift", "guard versions[server] != nil else { return [.place] }", "", "StepsTests"),
    Mutant(f"{LOGIC}/Steps.swift", "return openings + (applying.map { [orderToApply($0)] } ?? [])", "return openings",
           "StepsTests"),
    # A server's life.
    Mutant(f"{LOGIC}/ServerLife.swift", "guard run != self.run || stage == .empty else", "guard stage != .serving else",
           "ServerLifeTests"),
    Mutant(f"{LOGIC}/ServerLife.swift", "(rounds, counting) = ([:], [:])", "", "ServerLifeTests"),
    Mutant(f"{LOGIC}/ServerLife.swift",
           "guard (1...mostShards).contains(shards), firstAttempt > 0, number <= version + 1",
           "guard shards > 0, number <= version + 1", "ServerLifeTests"),
    Mutant(f"{LOGIC}/ServerLife.swift", "firstAttempt > rounds[number]?.firstAttempt ?? 0",
           "firstAttempt != rounds[number]?.firstAttempt", "ServerLifeTests"),
    Mutant(f"{LOGIC}/ServerLife.swift", "round.firstAttempt == firstAttempt, round.isComplete", "round.isComplete",
           "ServerLifeTests"),
    Mutant(f"{LOGIC}/ServerLife.swift", "round.firstAttempt == firstAttempt, round.isComplete",
           "round.firstAttempt == firstAttempt", "ServerLifeTests"),
    Mutant(f"{LOGIC}/ServerLife.swift", "if isLent { return .wait }", "", "ServerLifeTests"),
    Mutant(f"{LOGIC}/ServerLife.swift", "guard number == version else { return .tell }",
           "guard number == version else { return .ignore }", "ServerLifeTests"),
    Mutant(f"{LOGIC}/ServerLife.swift", "where counting[push.id.shard] == nil { ", "{ ", "ServerLifeTests"),
    Mutant(f"{LOGIC}/ServerLife.swift", "[.arrived(first.id, digest: first.digest), own]", "[own]", "ServerLifeTests"),
    Mutant(f"{LOGIC}/ServerLife.swift", "        counting = [:]\n        version += 1", "        version += 1",
           "ServerLifeTests"),
    # What a worker has sent, and what is said once.
    Mutant(f"{LOGIC}/SentPushes.swift", "if bytes != waitingBytes { (waitingBytes, lastLeft) = (bytes, now) }", "",
           "SentPushesTests"),
    Mutant(f"{LOGIC}/SentPushes.swift", ".duration(to: now) < Self.limit", ".duration(to: now) <= Self.limit",
           "SentPushesTests"),
    Mutant(f"{LOGIC}/SentPushes.swift", "pushes[id]?.servers.remove(server)", "pushes[id]?.servers.removeAll()",
           "SentPushesTests"),
    Mutant(f"{LOGIC}/FirstTimes.swift", "items.count < Self.most && ", "", "SentPushesTests"),
    # The scheduler.
    Mutant(f"{LOGIC}/Scheduler+Workers.swift", "} else if isAnother {", "} else {", "SchedulerTests"),
    Mutant(f"{LOGIC}/Scheduler+Workers.swift",
           "for id in former { remove(id) }", "for id in former { lose(id, at: now) }",
           "SchedulerTests"),
    Mutant(f"{LOGIC}/Scheduler+Workers.swift", "heartbeatsMissed == 2", "heartbeatsMissed == 3", "SchedulerTests"),
    Mutant(f"{LOGIC}/Scheduler+Assigning.swift", "max($0 * 2, Self.leastAge)", "max($0 * 3, Self.leastAge)",
           "SchedulerTests"),
    Mutant(f"{LOGIC}/Scheduler+Results.swift",
           "return winners.count == 1 ?", "return winners.count >= 1 ?", "SchedulerTests"),
    Mutant(f"{LOGIC}/Roster.swift", "{ $0.name == id.name && $0 != id }", "{ $0.name == id.name }", "RosterTests"),
    Mutant(f"{LOGIC}/Roster.swift",
           "if lastHeard[id] != nil { lastHeard[id] = now }", "lastHeard[id] = now", "RosterTests"),
    # Additions.
    Mutant(f"{LOGIC}/ReductionTree.swift", "Merge(into: min(first, neighbour), from: max(first, neighbour))",
           "Merge(into: max(first, neighbour), from: min(first, neighbour))", "ReductionTreeTests"),
    Mutant(f"{LOGIC}/ReductionTree.swift", "guard waiting[neighbour] == span else { break }",
           "guard waiting[neighbour] != nil else { break }", "ReductionTreeTests"),
    Mutant(f"{LOGIC}/Partition.swift", "/ rowWidth * rowWidth", "", "PartitionTests"),
    # A server's part.
    Mutant(f"{SERVING}/ParameterPart.swift", "optimizer.at(step: number, of: totalSteps)",
           "optimizer.at(step: 0, of: totalSteps)", "ParameterPartTests"),
    Mutant(f"{SERVING}/ParameterPart.swift", "guard !areFinite(", "guard false, !areFinite(", "ParameterPartTests"),
    Mutant(f"{SERVING}/ParameterPart.swift",
           "func forget() { (pushes, sums) = ([:], [:]) }", "func forget() { sums = [:] }",
           "ParameterPartTests"),
    Mutant(f"{SERVING}/WaitingPulls.swift", "$0.run != run || $0.version > version", "$0.version > version",
           "WaitingPullsTests"),
    Mutant("Network/Parameters/ParameterLayout+Blocks.swift", "guard range.lowerBound >= 0, range.upperBound <= count",
           "guard range.upperBound <= count", "ParameterLayoutTests"),
    Mutant("Network/Parameters/ParameterLayout+Blocks.swift", "* (ofBlocks ? FactoredDense.rowsPerBlock : 1)", "",
           "ParameterLayoutTests"),
    Mutant("Network/Parameters/ParameterLayout+Blocks.swift", "guard range.lowerBound == end, ", "guard ",
           "ParameterLayoutTests"),
    Mutant("Network/Parameters/ParameterLayout+Blocks.swift",
           "return end == count", "return true", "ParameterLayoutTests"),
    Mutant("Network/Optimization/ParameterUpdate.swift", "areAllFinite.store(false, ordering: .relaxed)", "",
           "ParameterUpdateTests"),
    Mutant("Network/Optimization/SGD.swift", "0.5 * (1 + Elementary.cos", "0.5 * (1 - Elementary.cos", "SGDTests"),
    Mutant("Network/Optimization/SGD.swift", "if decay == .cosine", "if decay != .cosine", "SGDTests"),
    # A run.
    Mutant("Cluster/Coordination/OpenRound.swift", "shards.reduce(0) { $0 + $1.count }",
           "shards.count * shards[id.shard].count", "OpenRoundTests"),
    Mutant("Cluster/Coordination/OpenRound.swift", "case .train: isAudit ? .audit : .train", "case .train: .train",
           "OpenRoundTests"),
    Mutant("Runs/Runs/BestScore.swift",
           "auc.map({ new > $0 }) ?? true", "auc.map({ new < $0 }) ?? true", "BestScoreTests"),
    Mutant("Runs/Runs/BestScore.swift", "        auc = new\n", "", "BestScoreTests"),
    Mutant("Runs/Runs/BestScore.swift",
           "init(of records: [EpochRecord]) { auc = records.compactMap(\\.validationAUC).max() }",
           "init(of records: [EpochRecord]) {}", "BestScoreTests"),
    Mutant("Runs/Runs/TrainingRun+Words.swift",
           "            predictions = try ScoredRecordings.predictions(dataset, samples: test, "
           "probabilities: testProbabilities)\n",
           "            predictions = try ScoredRecordings.predictions(dataset, samples: test, "
           "probabilities: testProbabilities)\n"
           "            threshold = DecisionThreshold(\n"
           "                chosenOn: predictions, classes: dataset.classes, positive: configuration.positiveClass)?\n"
           "                .outOfSample\n",
           "DataCommandTests"),
    Mutant("Runs/TrainingData/Balance.swift", "Dictionary(grouping: training, by: site)",
           "Dictionary(grouping: dataset.samples.indices, by: site)", "BalanceTests"),
    Mutant("Runs/TrainingData/EpochSchedule.swift", "UInt32(epoch)", "0", "EpochScheduleTests"),
    Mutant("Libraries/Files/RunFolder.swift", "name.hasSuffix(AtomicFile.suffix) && ", "", "AtomicFileTests"),
    Mutant("Libraries/Files/RunFolder.swift", 'name.hasPrefix("\\($0.rawValue).")', 'name.contains($0.rawValue)',
           "AtomicFileTests"),
    Mutant("Network/Checkpoints/CheckpointFolder.swift",
           ".sorted { $0.step < $1.step }", ".sorted { $0.step > $1.step }",
           "CheckpointFolderTests"),
    # Between nodes.
    Mutant("Cluster/Transport/PartTransfer.swift", "(first, ofVelocity) == place(arrived), ", "", "PartTransferTests"),
    Mutant("Cluster/Transport/PartTransfer.swift", "floats <= count - first", "floats > 0", "PartTransferTests"),
    Mutant("Cluster/Workers/GradientSums.swift", "guard state.finished.count == members.count else", "guard true else",
           "GradientSumsTests"),
    Mutant("Cluster/Transport/OutgoingBytes.swift", "former > outgoing.limit && left <= outgoing.limit",
           "left > outgoing.limit", "OutgoingBytesTests"),
    # What is said of predictions.
    Mutant("Results/Evaluation/DecisionThreshold.swift", "if gain >= best.gain", "if gain > best.gain",
           "DecisionThreshold|Threshold"),
    Mutant("Results/Evaluation/Collection+MostProbable.swift", "guard allSatisfy(\\.isFinite) else { return nil }", "",
           "theMostProbableClass"),
    Mutant("Results/Evaluation/Collection+MostProbable.swift", "&& $0 > $1", "&& $0 < $1", "theMostProbableClass"),
]
