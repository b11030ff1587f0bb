"""The writes that the process tests make: how each is sent, and what it makes of the item that is there.

Each write carries a token of its own, which tells in the end whose write an item is. The tables have the string keys `pk` and
`sk`, and the index `by-group` on `group` and `revision`.
"""

import dataclasses

TABLE_DEFINITION = {
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
        {"AttributeName": "group", "AttributeType": "S"},
        {"AttributeName": "revision", "AttributeType": "N"},
    ],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [{
        "IndexName": "by-group",
        "KeySchema": [
            {"AttributeName": "group", "KeyType": "HASH"}, {"AttributeName": "revision", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "ALL"},
    }],
}
INDEX = "by-group"
INDEX_KEYS = ("group", "revision")
GROUP_COUNT = 16
PAYLOAD_BYTE_COUNT = 200


@dataclasses.dataclass
class Write:
    """One write to one key; the subclasses say which."""

    table: str
    key: tuple
    token: str
    revision: int

    @property
    def key_attributes(self):
        return {"pk": {"S": self.key[0]}, "sk": {"S": self.key[1]}}

    @property
    def attributes(self):
        """What a put or an update gives the item."""
        # Text that is neither all alike nor random: what compression meets in real items.
        payload = f"{self.token} changed {self.key[0]} in revision {self.revision}; ".ljust(40, ".") * 8
        return {
            "token": {"S": self.token},
            "revision": {"N": str(self.revision)},
            "group": {"S": f"group-{self.revision % GROUP_COUNT}"},
            "payload": {"S": payload[:PAYLOAD_BYTE_COUNT]},
        }

    def accepts(self, item):
        return True

    def __str__(self):
        return f"{type(self).__name__} {self.token} of {'/'.join(self.key)}"


class Put(Write):
    def send(self, client):
        client.put_item(TableName=self.table, Item={**self.key_attributes, **self.attributes})

    def apply(self, item):
        return {**self.key_attributes, **self.attributes}


class PutIfAbsent(Put):
    def send(self, client):
        client.put_item(
            TableName=self.table, Item={**self.key_attributes, **self.attributes},
            ConditionExpression="attribute_not_exists(pk)")

    def accepts(self, item):
        return item is None


class Update(Write):
    """Sets the attributes, counts the updates since the last put, and keeps all else."""

    condition = {}

    def send(self, client):
        values = {f":{name}": value for name, value in self.attributes.items()}
        assignments = ", ".join(f"#{name} = :{name}" for name in self.attributes)
        client.update_item(
            TableName=self.table, Key=self.key_attributes,
            UpdateExpression=f"SET {assignments} ADD #updates :one",
            ExpressionAttributeNames={"#updates": "updates", **{f"#{name}": name for name in self.attributes}},
            ExpressionAttributeValues={**values, ":one": {"N": "1"}, **self.condition_values()}, **self.condition)

    def condition_values(self):
        return {}

    def apply(self, item):
        updates = int((item or {}).get("updates", {"N": "0"})["N"]) + 1
        return {**(item or {}), **self.key_attributes, **self.attributes, "updates": {"N": str(updates)}}


class UpdateIfOlder(Update):
    """An update on condition that the item is there with fewer updates than the key's writes, or is not there at all."""

    LIMIT = 3
    condition = {"ConditionExpression": "attribute_exists(pk) AND (attribute_not_exists(#updates) OR #updates < :limit)"}

    def condition_values(self):
        return {":limit": {"N": str(self.LIMIT)}}

    def accepts(self, item):
        return item is not None and int(item.get("updates", {"N": "0"})["N"]) < self.LIMIT


class Delete(Write):
    def send(self, client):
        client.delete_item(TableName=self.table, Key=self.key_attributes)

    def apply(self, item):
        return None


# How often each kind comes, in a mix where most writes leave an item behind.
MIX = [(Put, 40), (Update, 30), (PutIfAbsent, 8), (UpdateIfOlder, 10), (Delete, 12)]


def random_write(generator, table, key, token, revision):
    """A write to `key`, of a kind that the generator draws."""
    kinds, weights = zip(*MIX)
    return generator.choices(kinds, weights)[0](table, key, token, revision)
