/// Lines over two axes, with a legend above.
struct Chart {
    let title: String
    let x: Axis
    let y: Axis
    let series: [Series]
    var width = 460.0
    var height = 300.0

    struct Series {
        let name: String
        /// In the axes' numbers. A point that is not finite leaves a gap.
        let points: [(x: Double, y: Double)]
        /// Which colour of the palette.
        var colour = 0
        var isDashed = false
        /// Whether the area below is tinted.
        var isFilled = false
        /// Whether each point is a dot, too.
        var isDotted = false
        /// A point to dwell on, and what to write beside it.
        var mark: (x: Double, y: Double, label: String)?
    }

    private let left = 58.0
    private let right = 18.0
    private let bottom = 46.0
    private var top: Double { (legend.last?.y ?? 0) + 20 }

    var drawing: SVG {
        var svg = SVG(width: width, height: height, title: title)
        drawAxes(on: &svg)
        for line in series { draw(line, on: &svg) }
        for line in series { drawMark(of: line, on: &svg) }
        drawLegend(on: &svg)
        return svg
    }

    private func place(_ point: (x: Double, y: Double)) -> (x: Double, y: Double) {
        (
            left + x.position(of: point.x) * (width - left - right),
            height - bottom - y.position(of: point.y) * (height - top - bottom)
        )
    }

    private func drawAxes(on svg: inout SVG) {
        for tick in y.ticks {
            let at = place((x.lower, tick))
            svg.line(from: at, to: (width - right, at.y), style: tick == y.lower ? "axis" : "grid")
            svg.text(y.text(of: tick), x: left - 8, y: at.y + 4, anchor: .end)
        }
        for tick in x.ticks {
            let at = place((tick, y.lower))
            svg.line(from: at, to: (at.x, at.y + 4), style: "axis")
            svg.text(x.text(of: tick), x: at.x, y: at.y + 18, anchor: .middle)
        }
        svg.text(x.label, x: (left + width - right) / 2, y: height - 8, anchor: .middle, style: "label name")
        svg.text(
            y.label, x: 12, y: (top + height - bottom) / 2, anchor: .middle, turned: -90, style: "label name")
    }

    private func draw(_ line: Series, on svg: inout SVG) {
        let runs = line.points.split { !$0.x.isFinite || !$0.y.isFinite }.map { $0.map(place) }
        if line.isFilled {
            let floor = place((x.lower, y.lower)).y
            let areas = runs.map { [(x: $0[0].x, y: floor)] + $0 + [(x: $0[$0.count - 1].x, y: floor)] }
            svg.path(areas, style: "area s\(line.colour)", closed: true)
        }
        svg.path(runs, style: "line s\(line.colour)" + (line.isDashed ? " dashed" : ""))
        // A run of one point draws no line.
        for run in runs where line.isDotted || run.count == 1 {
            for point in run { svg.circle(at: point, radius: 3, style: "dot s\(line.colour)") }
        }
    }

    private func drawMark(of line: Series, on svg: inout SVG) {
        guard let mark = line.mark, mark.x.isFinite, mark.y.isFinite else { return }
        let at = place((mark.x, mark.y))
        svg.circle(at: at, radius: 4.5, style: "ring s\(line.colour)")
        let isRight = at.x + 12 + Double(mark.label.count) * 7 > width
        let isLow = at.y > height - bottom - 24
        svg.text(
            mark.label, x: at.x + (isRight ? -6 : 6), y: at.y + (isLow ? -10 : 20), anchor: isRight ? .end : .start,
            hasHalo: true, style: "label name")
    }

    private func drawLegend(on svg: inout SVG) {
        for (line, at) in zip(series, legend) {
            svg.line(from: at, to: (at.x + 18, at.y), style: "line s\(line.colour)" + (line.isDashed ? " dashed" : ""))
            svg.text(line.name, x: at.x + 24, y: at.y + 4)
        }
    }

    /// Where each series' entry starts; a row that is full is followed by another.
    private var legend: [(x: Double, y: Double)] {
        var next = (x: left, y: 14.0)
        return series.map { line in
            let entry = 44 + Double(line.name.count) * 7
            if next.x > left && next.x + entry > width { next = (left, next.y + 18) }
            defer { next.x += entry }
            return next
        }
    }
}
