// DynamoAPI
