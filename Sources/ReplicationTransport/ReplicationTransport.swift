// ReplicationTransport
