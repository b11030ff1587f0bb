"""Actions of transactions as boto3 takes them, and what comes of those that are cancelled."""

import pytest


def s(text):
    return {"S": text}


def put(table, pk, condition=None, old=False, **attributes):
    return {"Put": {"TableName": table, "Item": {"pk": s(pk), **attributes}, **more(condition, old)}}


def delete(table, pk, condition=None, old=False, **values):
    return {"Delete": {"TableName": table, "Key": {"pk": s(pk)}, **more(condition, old, values)}}


def update(table, pk, expression, condition=None, old=False, **values):
    return {"Update": {
        "TableName": table, "Key": {"pk": s(pk)}, "UpdateExpression": expression, **more(condition, old, values)}}


def check(table, pk, condition, old=False, **values):
    return {"ConditionCheck": {"TableName": table, "Key": {"pk": s(pk)}, **more(condition, old, values)}}


def get(table, pk, **more):
    return {"Get": {"TableName": table, "Key": {"pk": s(pk)}, **more}}


def more(condition, old, values=None):
    parameters = {}
    if condition:
        parameters["ConditionExpression"] = condition
    if old:
        parameters["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if values:
        parameters["ExpressionAttributeValues"] = {f":{name}": value for name, value in values.items()}
    return parameters


def item(client, table, pk):
    return client.get_item(TableName=table, Key={"pk": s(pk)}, ConsistentRead=True).get("Item")


def reasons(client, actions, **parameters):
    """The message and the reasons of a transaction that is cancelled."""
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(TransactItems=actions, **parameters)
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return response["Error"]["Message"], response["CancellationReasons"]


PREFIX = "Transaction cancelled, please refer cancellation reasons for specific reasons "
