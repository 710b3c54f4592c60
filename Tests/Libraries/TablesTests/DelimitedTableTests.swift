import Foundation
import Tables
import Testing

struct DelimitedTableTests {
    private func cells(_ text: String) -> [[String]] { DelimitedTable(text: text).rows.map(\.cells) }

    @Test(arguments: [
        "file,label\na.wav,1\n", "file;label\r\na.wav;1\r\n", "file\tlabel\ra.wav\t1", "\u{FEFF}file,label\na.wav,1",
        "sep=;\nfile;label\na.wav;1\n", "\n ,\nfile , label\n\n\"a.wav\",1\n,\n", "\"file\";\"label\"\n\"a.wav\";\"1\"",
    ])
    func whateverASpreadsheetPutsBetweenTheCells(text: String) {
        #expect(cells(text) == [["file", "label"], ["a.wav", "1"]])
    }

    @Test func encodingsAreToldByTheirBytes() throws {
        let text = "file,label\nmüller.wav,unauffällig\n"
        let expected = [["file", "label"], ["müller.wav", "unauffällig"]]
        for encoding in [String.Encoding.utf8, .windowsCP1252, .utf16] {
            let data = try #require(text.data(using: encoding))
            #expect(DelimitedTable(data).rows.map(\.cells) == expected, "\(encoding)")
        }
        let bigEndian = Data([0xFE, 0xFF]) + text.data(using: .utf16BigEndian)!
        #expect(DelimitedTable(bigEndian).rows.map(\.cells) == expected)
    }

    @Test func rowsKnowTheLineTheyBeginIn() {
        let table = DelimitedTable(text: "a,b\r\n\r\n\"two\nlines\",c\r\nd,e\r\n")
        #expect(table.rows.map(\.line) == [1, 3, 5])
        #expect(table.rows.map(\.cells) == [["a", "b"], ["two\nlines", "c"], ["d", "e"]])
        #expect(table.openQuoteLine == nil)
    }

    @Test func aQuoteThatNothingClosesIsTold() {
        #expect(DelimitedTable(text: "a,b\nc,\"d\ne,f\n").openQuoteLine == 2)
    }

    @Test func aQuoteWithinACellIsAMark() {
        #expect(cells("5\" scope,a\n\"say \"\"ah\"\"\",b") == [["5\" scope", "a"], ["say \"ah\"", "b"]])
    }

    @Test(arguments: ["", "nan", "NaN", "NA", "None", "null", "N/A", "<NA>", "#N/A"])
    func placeholdersAreNoValues(cell: String) { #expect(cell.ifValue == nil) }

    @Test(arguments: ["0", "a", "Nancy", "no"]) func allElseIsAValue(cell: String) { #expect(cell.ifValue == cell) }
}
