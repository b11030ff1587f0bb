// RegionStore
