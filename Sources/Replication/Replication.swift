// The protocol between two regions, as state machines: messages and events in, actions out.
//
// A *link* carries one region's changes to another over one connection. Its sending end dials, and reads its region's
// log; its receiving end accepts, and applies to its region's store. Neither knows sockets, threads or time: the owner
// tells them what happened, and carries out the actions that they return in order. Reading order: `LinkMessage`,
// `SenderLink`, `ReceiverLink`, `RelayPolicy`.
//
// A connection goes like this; every message from the sender that has to be durable carries a sequence number:
//
//     sender                                   receiver
//     hello(version, region, incarnation) ───▶
//                                         ◀─── welcome(region, incarnation, applied vector)
//     catalog, when the vector lacks it   ───▶
//     changes, heartbeat, changes, …      ───▶
//                                         ◀─── acknowledge(sequence, vector, clock), once durable
//                                         ◀─── request(transfer of a table, catch-up, another origin's changes)
//     parts of a snapshot, its end, …     ───▶
