// What a table holds, apart from any table: attribute values, the items made of them, and the forms in which they are stored,
// sent, ordered and counted.
//
// Every type here is a plain value, and every value has one representation: numbers are in normal form, attributes and sets
// are sorted by bytes. So equal values have equal bytes, in every region and in every process, and whatever compares
// items, resolves conflicts between them or hashes them can work on bytes.
//
// Reading order:
// 1. `Text`, `AttributeValue`, `AttributeMap`: the types that requests are decoded to.
// 2. `Number`, with its parsing, digits and arithmetic; `NumberError` holds DynamoDB's texts.
// 3. `ByteWriter`, `ByteReader`, `BinaryDecodingError`: the elements of all binary forms, which other targets use as well.
// 4. `ItemCodec`: the binary form of items. `BinaryItem` and `BinaryItemVisitor` read it in place.
// 5. `KeyEncoder`, `KeyDecoder`, `PartitionHash`: keys whose byte order is DynamoDB's, and where a partition lies.
// 6. `ItemSize`: how large DynamoDB says that an item is, and how deep.
//
// The forms of 4 and 5 are on disk and on the wire. The tests hold examples of their bytes; if one of them fails, the
// format has changed, and needs a new version.
