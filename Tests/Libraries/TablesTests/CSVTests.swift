import Tables
import Testing

struct CSVTests {
    @Test(arguments: [
        ("plain", "plain"), ("a,b", "\"a,b\""), ("say \"ah\"", "\"say \"\"ah\"\"\""), ("two\nlines", "\"two\nlines\""),
        ("cr\r", "\"cr\r\""), ("", ""), ("crlf\r\nin", "\"crlf\r\nin\""), ("é, ß", "\"é, ß\""),
    ])
    func cellsAreQuotedAsRFC4180Says(cell: String, expected: String) {
        #expect(CSV([[cell, "x"]]).text == expected + ",x\n")
        #expect(CSV(parsing: expected + ",x\n").rows == [[cell, "x"]])
    }

    @Test(arguments: [
        ("", []), ("a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]), ("a,\n,b", [["a", ""], ["", "b"]]),
        ("\"open", [["open"]]), ("a\n\nb\n", [["a"], [""], ["b"]]),
    ])
    func anyTextIsRead(text: String, expected: [[String]]) {
        #expect(CSV(parsing: text).rows == expected)
    }
}
