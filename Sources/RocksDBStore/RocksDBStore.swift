// RocksDBStore
