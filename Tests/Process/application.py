"""A web shop on PynamoDB and on boto3's resource: an application as people write them, which knows DynamoDB and nothing of Meridian.

`run` is its life in one region: tables by model, customers and orders, a warehouse with versions, baskets that expire, transactions,
batches, indexes, pages and parallel scans. Everything that it reads is compared with what it should be.
"""

import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import boto3
import pynamodb.exceptions
from boto3.dynamodb.conditions import Attr, Key
from pynamodb.attributes import (
    BinaryAttribute, BooleanAttribute, JSONAttribute, ListAttribute, MapAttribute, NumberAttribute, NumberSetAttribute,
    TTLAttribute, UnicodeAttribute, UnicodeSetAttribute, UTCDateTimeAttribute, VersionAttribute)
from pynamodb.connection import Connection
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection, LocalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite

ORDER_COUNT = 60
PRODUCT_COUNT = 130


def models(options, prefix):
    """The shop's models, for a region with the client's options; tables begin with `prefix`."""

    class Common:
        region = options["region_name"]
        host = options["endpoint_url"]
        aws_access_key_id = options["aws_access_key_id"]
        aws_secret_access_key = options["aws_secret_access_key"]
        billing_mode = "PAY_PER_REQUEST"
        max_retry_attempts = 0

    class Address(MapAttribute):
        street = UnicodeAttribute()
        city = UnicodeAttribute()
        lines = ListAttribute(null=True)

    class OrdersByState(GlobalSecondaryIndex):
        class Meta:
            index_name = "by-state"
            projection = AllProjection()

        state = UnicodeAttribute(hash_key=True)
        placed = UTCDateTimeAttribute(range_key=True)

    class OrdersByTotal(LocalSecondaryIndex):
        class Meta:
            index_name = "by-total"
            projection = IncludeProjection(["state"])

        customer = UnicodeAttribute(hash_key=True)
        total = NumberAttribute(range_key=True)

    class Order(Model):
        class Meta(Common):
            table_name = f"{prefix}-orders"

        customer = UnicodeAttribute(hash_key=True)
        number = NumberAttribute(range_key=True)
        state = UnicodeAttribute(default="new")
        placed = UTCDateTimeAttribute()
        total = NumberAttribute()
        express = BooleanAttribute(default=False)
        products = UnicodeSetAttribute(null=True)
        sizes = NumberSetAttribute(null=True)
        address = Address(null=True)
        notes = JSONAttribute(null=True)
        signature = BinaryAttribute(legacy_encoding=False, null=True)
        by_state = OrdersByState()
        by_total = OrdersByTotal()

    class ProductsByKind(GlobalSecondaryIndex):
        class Meta:
            index_name = "by-kind"
            projection = KeysOnlyProjection()

        kind = UnicodeAttribute(hash_key=True)

    class Product(Model):
        class Meta(Common):
            table_name = f"{prefix}-products"

        sku = UnicodeAttribute(hash_key=True)
        kind = UnicodeAttribute()
        stock = NumberAttribute(default=0)
        version = VersionAttribute()
        by_kind = ProductsByKind()

    class Basket(Model):
        class Meta(Common):
            table_name = f"{prefix}-baskets"

        session = UnicodeAttribute(hash_key=True)
        items = ListAttribute(default=list)
        expires = TTLAttribute(default=timedelta(days=1))

    return Order, Product, Basket


def run(options, prefix):
    """The application's life in the region that `options` are for; raises AssertionError where something is not as it should be."""
    order_model, product_model, basket_model = models(options, prefix)
    for model in (order_model, product_model, basket_model):
        assert not model.exists()
        model.create_table(wait=True)
        assert model.exists()
    # Making the table has done this.
    raises(pynamodb.exceptions.TableError, lambda: basket_model.update_ttl(ignore_update_ttl_errors=False))
    orders(order_model)
    warehouse(product_model)
    baskets(basket_model)
    checkout(options, order_model, product_model)
    console(options, prefix)
    for model in (order_model, product_model, basket_model):
        model.delete_table()


def raises(error, call):
    try:
        call()
    except error as caught:
        return caught
    raise AssertionError(f"{error.__name__} was expected")


def orders(order):
    """Items of all types; conditions, updates, queries, indexes, pages and scans."""
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    with order.batch_write() as batch:
        for number in range(ORDER_COUNT):
            batch.save(order(
                f"customer-{number % 3}", number, placed=start + timedelta(hours=number), total=number * 1.25,
                state="paid" if number % 4 else "new", products={f"sku-{number}", "gift"}, sizes={1, number + 2},
                address={"street": "Main Street 1", "city": "Dublin", "lines": ["a", 1, None]},
                notes={"text": "ünïcode", "n": number}, signature=bytes([number, 0, 255])))
    one = order.get("customer-1", 1, consistent_read=True)
    assert (one.total, one.state, one.products, one.sizes) == (1.25, "paid", {"sku-1", "gift"}, {1, 3})
    assert (one.address.city, one.address.lines, one.notes, one.signature) == (
        "Dublin", ["a", 1, None], {"text": "ünïcode", "n": 1}, bytes([1, 0, 255]))
    assert one.placed == start + timedelta(hours=1)
    raises(order.DoesNotExist, lambda: order.get("customer-1", 2))

    one.update(actions=[
        order.state.set("sent"), order.total.add(10), order.products.add({"extra"}),
        order.address.city.set("Cork"), order.address.lines.set(order.address.lines.append(["b"])), order.notes.remove(),
    ], condition=(order.state == "paid") & order.products.contains("gift") & ~order.express.does_not_exist())
    one.update(actions=[order.products.delete({"gift"})])
    assert (one.state, one.total, one.products, one.address.city, one.notes) == (
        "sent", 11.25, {"sku-1", "extra"}, "Cork", None)
    assert one.address.lines == ["a", 1, None, "b"]
    failed = raises(
        pynamodb.exceptions.UpdateError,
        lambda: one.update(actions=[order.state.set("new")], condition=order.state == "paid"))
    assert failed.cause_response_code == "ConditionalCheckFailedException"
    raises(pynamodb.exceptions.PutError, lambda: one.save(condition=order.customer.does_not_exist()))

    found = list(order.query("customer-0", order.number.between(10, 40), order.total > 20, scan_index_forward=False))
    assert [item.number for item in found] == [number for number in range(40, 9, -1) if number % 3 == 0 and number * 1.25 > 20]
    assert order.count("customer-0") == ORDER_COUNT // 3
    pages = order.query("customer-0", page_size=7, limit=15)
    assert len(list(pages)) == 15
    rest = list(order.query("customer-0", last_evaluated_key=pages.last_evaluated_key))
    assert len(rest) == ORDER_COUNT // 3 - 15
    new = list(order.by_state.query("new", order.placed < start + timedelta(hours=21)))
    assert [item.number for item in new] == [0, 4, 8, 12, 16, 20]
    dear = list(order.by_total.query("customer-2", order.total >= 60, attributes_to_get=["total", "state"]))
    assert [item.total for item in dear] == [62.5, 66.25, 70.0, 73.75]

    segments = [
        {(item.customer, item.number) for item in order.scan(order.express == False, segment=segment, total_segments=4)}  # noqa: E712
        for segment in range(4)]
    assert sum(map(len, segments)) == len(set().union(*segments)) == ORDER_COUNT
    keys = [("customer-0", 0), ("customer-0", 1), ("customer-2", 59)]
    assert sorted(item.number for item in order.batch_get(keys, consistent_read=True)) == [0, 59]


def warehouse(product):
    """Versions that keep two clerks from overwriting each other, and batches larger than one call."""
    with product.batch_write() as batch:
        for number in range(PRODUCT_COUNT):
            batch.save(product(f"sku-{number:03}", kind=f"kind-{number % 5}", stock=number))
    one = product.get("sku-007")
    assert one.version is None or one.version >= 0
    one.stock = 70
    one.save()
    first, second = product.get("sku-007"), product.get("sku-007")
    first.update(actions=[product.stock.add(-1)])
    second.stock = 0
    assert raises(pynamodb.exceptions.PutError, second.save).cause_response_code == "ConditionalCheckFailedException"
    second.refresh()
    assert (second.stock, second.version) == (69, first.version)
    assert len(list(product.batch_get([f"sku-{number:03}" for number in range(PRODUCT_COUNT)]))) == PRODUCT_COUNT
    assert sorted(item.sku for item in product.by_kind.query("kind-2")) == [
        f"sku-{number:03}" for number in range(2, PRODUCT_COUNT, 5)]
    with product.batch_write() as batch:
        for number in range(100, PRODUCT_COUNT):
            batch.delete(product(f"sku-{number:03}"))
    assert sum(1 for _ in product.scan(rate_limit=None, page_size=13)) == 100


def baskets(basket):
    session = basket("session-1")
    session.save()
    session.update(actions=[basket.items.set(basket.items.append([{"sku": "sku-001", "count": 2}]))])
    assert session.items == [{"sku": "sku-001", "count": 2}]
    assert timedelta(hours=23) < basket.get("session-1").expires - datetime.now(timezone.utc) < timedelta(hours=25)
    session.delete()
    raises(basket.DoesNotExist, lambda: basket.get("session-1"))


def checkout(options, order, product):
    """An order and the stock that it takes, together or not at all."""
    connection = Connection(region=options["region_name"], host=options["endpoint_url"])
    for attempt in range(2):
        stock = product.get("sku-003").stock
        with TransactWrite(connection=connection, client_request_token="checkout-1") as transaction:
            transaction.update(
                product("sku-003"), actions=[product.stock.add(-1)], condition=product.stock > 0, add_version_condition=False)
            transaction.save(order("customer-9", 1, placed=datetime(2026, 2, 1, tzinfo=timezone.utc), total=9))
            transaction.condition_check(product, "sku-004", condition=product.stock > 0)
        # The same token again does nothing again.
        assert product.get("sku-003").stock == stock - (1 if attempt == 0 else 0)

    def sold_out():
        with TransactWrite(connection=connection) as transaction:
            transaction.update(
                product("sku-000"), actions=[product.stock.add(-1)], condition=product.stock > 0, add_version_condition=False)
            transaction.delete(order("customer-9", 1))

    failed = raises(pynamodb.exceptions.TransactWriteError, sold_out)
    # PynamoDB sends deletions before updates.
    assert [reason.code if reason else None for reason in failed.cancellation_reasons] == [None, "ConditionalCheckFailed"]
    assert order.get("customer-9", 1).total == 9
    with TransactGet(connection=connection) as transaction:
        bought = transaction.get(order, "customer-9", 1)
        left = transaction.get(product, "sku-003")
    assert (bought.get().total, left.get().stock) == (9, 2)


def console(options, prefix):
    """The shop's back office, which uses boto3's resource, paginators and waiters on the same tables."""
    resource = boto3.resource("dynamodb", **options)
    table = resource.Table(f"{prefix}-orders")
    answer = table.query(
        IndexName="by-state", KeyConditionExpression=Key("state").eq("new"), FilterExpression=Attr("total").gte(Decimal(30)),
        Select="COUNT")
    assert answer["Count"] == len([number for number in range(0, ORDER_COUNT, 4) if number * 1.25 >= 30])
    assert table.scan(FilterExpression=Attr("products").contains("gift") & Attr("number").lt(5))["Count"] == 4
    client = resource.meta.client
    pages = list(client.get_paginator("query").paginate(
        TableName=table.name, KeyConditionExpression=Key("customer").eq("customer-0"), PaginationConfig={"PageSize": 6}))
    assert [page["Count"] for page in pages] == [6, 6, 6, 2]
    with table.batch_writer(overwrite_by_pkeys=["customer", "number"]) as batch:
        for number in range(40):
            batch.put_item(Item={"customer": "bulk", "number": number % 30, "round": number // 30, "placed": "-", "total": 0})
    assert table.query(KeyConditionExpression=Key("customer").eq("bulk"), ConsistentRead=True)["Count"] == 30
    assert client.execute_statement(
        Statement=f'SELECT "round" FROM "{table.name}" WHERE customer = ? AND "number" = ?', Parameters=["bulk", 3]
    )["Items"] == [{"round": 1}]
    name = f"{prefix}-temporary"
    client.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    assert name in [found.name for found in resource.tables.all()]
    client.delete_table(TableName=name)
    client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def follow(options, prefix, writer_options):
    """What another region's half of the shop sees of a global table: the same order, and its change.

    `options` are of the region where the table is made; `writer_options` of one that gets a replica.
    """
    home, *_ = models(options, prefix)
    away, *_ = models(writer_options, prefix)
    home.create_table(wait=True)
    client = boto3.client("dynamodb", **options)
    client.update_table(
        TableName=home.Meta.table_name, ReplicaUpdates=[{"Create": {"RegionName": writer_options["region_name"]}}])
    wait_for(lambda: away.exists() and away.describe_table()["TableStatus"] == "ACTIVE")
    home("customer-1", 1, placed=datetime(2026, 1, 1, tzinfo=timezone.utc), total=1).save()
    wait_for(lambda: list(away.query("customer-1")))
    away.get("customer-1", 1).update(actions=[away.state.set("sent")])
    wait_for(lambda: home.get("customer-1", 1).state == "sent")
    assert [item.number for item in home.by_state.query("sent")] == [1]


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "gave up waiting"
        time.sleep(0.05)
