import Testing

/// Everything that starts processes, one test at a time: two cores would make deadlines of many a matter of luck.
@Suite(.serialized, .timeLimit(.minutes(2))) enum ClusterTests {}
