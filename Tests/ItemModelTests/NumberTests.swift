import ItemModel
import TestSupport
import Testing

@Suite struct NumberTests {
    /// What `text` becomes, as a text to compare: the number's own or the error's.
    private func verdict(_ text: String) -> Result<String, NumberError> {
        Result { () throws(NumberError) in try Number(text).description }
    }

    @Test(arguments: [
        ("00042", "42"), ("1.50", "1.5"), ("1.5E2", "150"), (".5", "0.5"), ("5.", "5"), ("-0", "0"),
        ("-0.00e-999", "0"),
        ("+7", "7"), ("-.5e1", "-5"), ("0e99999999999999999999999999", "0"), ("1200", "1200"), ("-12.3400", "-12.34"),
        ("0.1e126", "1" + String(repeating: "0", count: 125)),
        ("1E125", "1" + String(repeating: "0", count: 125)),
        ("1E-130", "0." + String(repeating: "0", count: 129) + "1"),
        ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
        ("1234567890123456789.0123456789012345678", "1234567890123456789.0123456789012345678"),
        ("10000000000000000000000000000000000000000", "10000000000000000000000000000000000000000"),
    ])
    func `a number prints in plain notation without needless zeros`(text: String, expected: String) {
        #expect(verdict(text) == .success(expected))
    }

    @Test(arguments: [
        "", "+", "-", ".", "-.", "e", "1e", "1e+", "e5", ".e5", "0x1", "NaN", "Infinity", "-Infinity", " 1", "1 ",
        "1 2",
        "1,5", "1.2.3", "1e5.0", "--1", "+-1", "1-", "1e5e5", "١", "1\0", "\u{2212}1", "1_000", "1f", "/", ":",
    ])
    func `what is not decimal notation is refused with the text`(text: String) {
        #expect(verdict(text) == .failure(.notNumeric(text)))
    }

    @Test(arguments: [
        ("1e126", NumberError.overflow), ("-1e126", .overflow), ("1e9999999999999999999999999", .overflow),
        ("99e125", .overflow), ("9.9e-131", .underflow), ("1e-131", .underflow),
        ("-1e-99999999999999999999", .underflow),
        ("1.00000000000000000000000000000000000001", .tooManyDigits),
        ("123456789012345678901234567890123456789", .tooManyDigits),
        ("123456789012345678901234567890123456789e200", .overflow),
        ("123456789012345678901234567890123456789e-200", .underflow),
    ])
    func `range is checked before length`(text: String, expected: NumberError) {
        #expect(verdict(text) == .failure(expected))
    }

    @Test func `the errors read as DynamoDB's do`() {
        #expect(NumberError.notNumeric("x").description == "The parameter cannot be converted to a numeric value: x")
        #expect(NumberError.notNumeric("").description == "The parameter cannot be converted to a numeric value")
        #expect(
            NumberError.tooManyDigits.description
                == "Attempting to store more than 38 significant digits in a Number")
        #expect(
            NumberError.overflow.description
                == "Number overflow. Attempting to store a number with magnitude larger than supported range")
        #expect(
            NumberError.underflow.description
                == "Number underflow. Attempting to store a number with magnitude smaller than supported range")
    }

    @Test func `the last digit may lie below the range of the magnitude`() throws {
        let small = try Number("1.2345678901234567890123456789012345678E-130")
        #expect(small.exponent == -167)
        #expect(small.significantDigitCount == 38)
        #expect(try Number(small.description) == small)
    }

    @Test func `a long exponent or a long row of zeros costs no more than reading it`() throws {
        let nines = String(repeating: "9", count: 1_000_000)
        #expect(verdict("1e\(nines)") == .failure(.overflow))
        #expect(verdict("1e-\(nines)") == .failure(.underflow))
        #expect(verdict(nines) == .failure(.overflow))
        let zeros = String(repeating: "0", count: 1_000_000)
        #expect(verdict("1\(zeros)e-1000000") == .success("1"))
        #expect(verdict("0.\(zeros)1e1000001") == .success("1"))
        #expect(verdict("\(zeros)7.\(zeros)") == .success("7"))
    }

    @Test func `bytes, slices, texts and strings are read alike`() throws {
        let expected = try Number("-12.5")
        #expect(try Number(parsing: Array("-12.5".utf8)) == expected)
        #expect(try Number(parsing: Array("x-12.5".utf8).dropFirst()) == expected)
        #expect(try Number(parsing: AnyCollection("-12.5".utf8)) == expected)
        #expect(try Number(parsing: Text("-12.5")) == expected)
        #expect(throws: NumberError.notNumeric("\u{FFFD}")) { try Number(parsing: [0xFF] as [UInt8]) }
    }

    @Test func `parsing agrees with arithmetic by hand`() {
        var generator = SplitMix64(seed: 1)
        for _ in 0..<40_000 {
            let text = randomNotation(&generator)
            #expect(verdict(text) == SlowDecimal(text).verdict, "\(text)")
        }
    }

    @Test func `every spelling of a value is one number`() throws {
        let spellings = ["150", "0150.0", "1.5e2", "15E1", "+1500e-1", ".15e3"]
        for spelling in spellings {
            let number = try Number(spelling)
            #expect(number == 150)
            #expect(number.hashValue == (150 as Number).hashValue)
            #expect((number.coefficient, number.exponent) == (15, 1))
        }
        #expect(try Number("-0") == .zero)
        #expect(-Number.zero == .zero)
    }

    @Test func `order is that of the values`() throws {
        var generator = SplitMix64(seed: 2)
        var pairs: [(Number, SlowDecimal)] = []
        while pairs.count < 300 {
            let text = randomNotation(&generator)
            if let number = try? Number(text) { pairs.append((number, SlowDecimal(text))) }
        }
        for (number, slow) in pairs {
            for (other, slowOther) in pairs.shuffled(using: &generator).prefix(40) {
                #expect((number < other) == (slow < slowOther), "\(number) < \(other)")
                #expect((number == other) == (slow.verdict == slowOther.verdict))
            }
        }
    }

    @Test func `sums and differences agree with arithmetic by hand`() {
        var generator = SplitMix64(seed: 3)
        var pool: [(Number, SlowDecimal)] = []
        for _ in 0..<60_000 {
            let text = randomNotation(&generator)
            guard let number = try? Number(text) else { continue }
            let slow = SlowDecimal(text)
            if let (other, slowOther) = pool.randomElement(using: &generator) {
                let sum = Result { () throws(NumberError) in try number.adding(other).description }
                #expect(sum == (slow + slowOther).verdict, "\(number) + \(other)")
                let difference = Result { () throws(NumberError) in try number.subtracting(other).description }
                #expect(difference == (slow + slowOther.negated).verdict, "\(number) - \(other)")
            }
            if pool.count < 400 { pool.append((number, slow)) } else { pool[generator.below(400)] = (number, slow) }
        }
    }

    @Test(arguments: [
        ("1", "-0.00000000000000000000000000000000000001", "0.99999999999999999999999999999999999999"),
        ("99999999999999999999999999999999999999", "1", "1" + String(repeating: "0", count: 38)),
        (
            "50000000000000000000000000000000000001", "49999999999999999999999999999999999999",
            "1" + String(repeating: "0", count: 38)
        ),
        ("0.1", "0.2", "0.3"), ("1e125", "-1e125", "0"), ("1e-130", "0", "1e-130"),
    ])
    func `a sum is exact at the edge of its digits`(one: String, other: String, expected: String) throws {
        #expect(try Number(one).adding(Number(other)) == Number(expected))
        #expect(try Number(other).adding(Number(one)) == Number(expected))
    }

    @Test(arguments: [
        ("1e125", "1e-130", NumberError.tooManyDigits), ("1e125", "-1e-130", .tooManyDigits),
        ("9e125", "1e125", .overflow), ("-9e125", "-1e125", .overflow),
        ("9e125", "1.0000000000000000000000000000000000001e125", .overflow),
        ("99e124", "12345678901234567890123456789012345678e87", .overflow),
        ("99e124", "1234567890123456789012345678901234567e87", .tooManyDigits),
        ("1.5e-130", "-1.4e-130", .underflow), ("99999999999999999999999999999999999999", "0.1", .tooManyDigits),
    ])
    func `a sum that cannot be stored says why`(one: String, other: String, expected: NumberError) throws {
        let (one, other) = try (Number(one), Number(other))
        #expect(throws: expected) { try one.adding(other) }
        #expect(throws: expected) { try other.adding(one) }
        #expect(throws: expected) { try one.subtracting(-other) }
    }

    @Test func `an integer comes back as itself`() throws {
        for value in [0, 1, -1, 10, 1_700_000_000, Int.max, Int.min, Int.max - 7] {
            #expect(Number(value).intValue == value)
            #expect(Number(value).description == String(value))
            #expect(try Number(String(value)) == Number(value))
        }
        #expect(try Number("1.5").intValue == nil)
        #expect(try Number("9223372036854775808").intValue == nil)
        #expect(try Number("-9223372036854775809").intValue == nil)
        #expect(try Number("1e19").intValue == nil)
        #expect(try Number("1e125").intValue == nil)
        #expect(try Number("9e18").intValue == 9_000_000_000_000_000_000)
    }

    @Test func `zero has no significant digits, every other number those between its zeros`() throws {
        #expect(Number.zero.significantDigitCount == 0)
        #expect(try Number("00120300.0").significantDigitCount == 4)
        #expect(try Number("-99999999999999999999999999999999999999").significantDigitCount == 38)
    }
}
