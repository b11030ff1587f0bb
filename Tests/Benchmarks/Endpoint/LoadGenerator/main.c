// Sends the HTTP requests of a file over a number of connections, and says how many were answered and how long each took.
//
//   load-generator --port P --requests FILE [--connections N] [--seconds S] [--warm-up S] [--rate R] [--once 1]
//
// The file holds whole requests, signed beforehand, each behind its length in four bytes, little-endian; they are sent in turn and over
// again, or with --once a single time. Without a rate each connection sends its next request when the last one is answered. With one,
// requests are due at even steps and are sent over whichever connection is free; latency counts from when a request was due, so that a
// slow answer delays no clock (Gil Tene, "How NOT to Measure Latency"). The result is one line of JSON; times are microseconds.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 4096, EVENTS_MAX = 256, BUFFER_SIZE = 1 << 16, ERROR_SIZE = 512 };

// 64 steps for each power of two: a value is known to within 1.6 %.
enum { STEP_BITS = 6, STEPS = 1 << STEP_BITS, BUCKETS = (64 - STEP_BITS + 1) * STEPS };

struct connection {
    int socket;
    bool is_busy;
    // When the request that is under way was due.
    uint64_t due;
    const uint8_t *request;
    uint32_t request_length, sent;
    // The answer as far as it has come: the head in the buffer, of the body only its length.
    uint8_t head[8192];
    size_t head_length;
    bool has_head;
    size_t body_left;
    int status;
    uint8_t error[ERROR_SIZE];
    size_t error_length;
};

struct request {
    const uint8_t *bytes;
    uint32_t length;
};

static struct request *requests;
static size_t request_count, next_request;
static struct connection *connections;
static int idle[CONNECTIONS_MAX], idle_count;
static uint64_t histogram[BUCKETS], answered, failed, latency_max, bytes_received;
// With those of the time to warm up.
static uint64_t answered_in_all;
static char first_error[ERROR_SIZE + 32];
static uint64_t measure_from, measure_until;
// How many requests may still be begun.
static uint64_t begins_left = UINT64_MAX;
static int poller;

static void fail(const char *what) {
    fprintf(stderr, "load-generator: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void refuse(const char *why) {
    fprintf(stderr, "load-generator: %s\n", why);
    exit(64);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static size_t bucket(uint64_t value) {
    if (value < STEPS) return value;
    int shift = 63 - __builtin_clzll(value) - STEP_BITS;
    return (size_t)(shift + 1) * STEPS + ((value >> shift) - STEPS);
}

static uint64_t bucket_value(size_t bucket) {
    if (bucket < STEPS) return bucket;
    int shift = (int)(bucket / STEPS) - 1;
    return ((uint64_t)(bucket % STEPS) + STEPS) << shift;
}

static double quantile(double part) {
    uint64_t rank = (uint64_t)(part * (double)answered), seen = 0;
    for (size_t index = 0; index < BUCKETS; index++) {
        seen += histogram[index];
        if (seen > rank) return (double)bucket_value(index) / 1000;
    }
    return (double)latency_max / 1000;
}

static void load(const char *path) {
    int file = open(path, O_RDONLY);
    struct stat status;
    if (file < 0 || fstat(file, &status) < 0) fail(path);
    size_t size = (size_t)status.st_size, offset = 0, room = 1024;
    if (size == 0) refuse("the file has no requests");
    const uint8_t *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (bytes == MAP_FAILED) fail(path);
    requests = malloc(room * sizeof *requests);
    while (offset < size) {
        uint32_t length;
        if (size - offset < sizeof length) refuse("the file of requests is cut off");
        memcpy(&length, bytes + offset, sizeof length);
        offset += sizeof length;
        if (size - offset < length || length == 0) refuse("the file of requests is cut off");
        if (request_count == room) requests = realloc(requests, (room *= 2) * sizeof *requests);
        if (requests == NULL) fail("requests");
        requests[request_count++] = (struct request){bytes + offset, length};
        offset += length;
    }
}

static void finish_writing(struct connection *connection) {
    while (connection->sent < connection->request_length) {
        ssize_t count = send(
            connection->socket, connection->request + connection->sent, connection->request_length - connection->sent,
            MSG_NOSIGNAL);
        if (count < 0) {
            // The rest goes when there is room: every connection is watched for that too.
            if (errno == EAGAIN) return;
            fail("send");
        }
        connection->sent += (uint32_t)count;
    }
}

static void start(int number, uint64_t due) {
    struct connection *connection = &connections[number];
    const struct request *request = &requests[next_request];
    next_request = next_request + 1 == request_count ? 0 : next_request + 1;
    begins_left--;
    connection->is_busy = true;
    connection->due = due;
    connection->request = request->bytes;
    connection->request_length = request->length;
    connection->sent = 0;
    connection->head_length = 0;
    connection->has_head = false;
    connection->error_length = 0;
    finish_writing(connection);
}

static void note_answer(struct connection *connection, uint64_t time) {
    answered_in_all++;
    if (connection->due < measure_from || time > measure_until) return;
    uint64_t latency = time - connection->due;
    histogram[bucket(latency)]++;
    if (latency > latency_max) latency_max = latency;
    answered++;
    if (connection->status == 200) return;
    if (failed++ > 0) return;
    int length = snprintf(first_error, sizeof first_error, "%d ", connection->status);
    for (size_t index = 0; index < connection->error_length; index++) {
        uint8_t byte = connection->error[index];
        first_error[length++] = byte < 0x20 || byte == '"' || byte == '\\' || byte >= 0x7f ? '.' : (char)byte;
    }
    first_error[length] = 0;
}

// Reads the head's status and length; false when the head is not whole yet. What of the body is behind it is counted.
static bool read_head(struct connection *connection) {
    uint8_t *end = memmem(connection->head, connection->head_length, "\r\n\r\n", 4);
    if (end == NULL) {
        if (connection->head_length == sizeof connection->head) refuse("an answer's head is too long");
        return false;
    }
    size_t head_length = (size_t)(end - connection->head) + 4;
    if (head_length < 12 || memcmp(connection->head, "HTTP/1.1 ", 9) != 0) refuse("an answer is not HTTP/1.1");
    connection->status = atoi((char *)connection->head + 9);
    bool has_length = false;
    for (uint8_t *line = connection->head; line < end;) {
        uint8_t *line_end = memmem(line, (size_t)(end - line) + 2, "\r\n", 2);
        if (line_end - line > 15 && strncasecmp((char *)line, "content-length:", 15) == 0) {
            connection->body_left = strtoul((char *)line + 15, NULL, 10);
            has_length = true;
        }
        line = line_end + 2;
    }
    if (!has_length) refuse("an answer has no Content-Length");
    connection->has_head = true;
    size_t behind = connection->head_length - head_length;
    if (behind > connection->body_left) refuse("an answer is longer than it says");
    connection->body_left -= behind;
    if (connection->status != 200 && behind > 0) {
        connection->error_length = behind < ERROR_SIZE ? behind : ERROR_SIZE;
        memcpy(connection->error, end + 4, connection->error_length);
    }
    return true;
}

// Takes what has come; true when the answer is whole.
static bool receive(struct connection *connection) {
    static uint8_t body[BUFFER_SIZE];
    for (;;) {
        uint8_t *target = connection->has_head ? body : connection->head + connection->head_length;
        size_t room = connection->has_head ? sizeof body : sizeof connection->head - connection->head_length;
        ssize_t count = recv(connection->socket, target, room, 0);
        if (count < 0 && errno == EAGAIN) return false;
        if (count < 0) fail("recv");
        if (count == 0) refuse("the server has closed a connection");
        bytes_received += (uint64_t)count;
        if (connection->has_head) {
            if ((size_t)count > connection->body_left) refuse("an answer is longer than it says");
            connection->body_left -= (size_t)count;
        } else {
            connection->head_length += (size_t)count;
            if (!read_head(connection)) continue;
        }
        if (connection->body_left == 0) return true;
    }
}

static void connect_all(int count, uint16_t port) {
    connections = calloc((size_t)count, sizeof *connections);
    if (connections == NULL) fail("connections");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    for (int number = 0; number < count; number++) {
        int file = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
        if (file < 0) fail("socket");
        if (connect(file, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
        setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (fcntl(file, F_SETFL, O_NONBLOCK) < 0) fail("fcntl");
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = (uint32_t)number};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, file, &event) < 0) fail("epoll_ctl");
        connections[number].socket = file;
        idle[idle_count++] = number;
    }
}

int main(int count, char **arguments) {
    const char *path = NULL;
    double seconds = 5, warm_up = 0.5, rate = 0;
    long port = 0, connection_count = 1;
    bool is_once = false;
    for (int index = 1; index < count; index += 2) {
        const char *name = arguments[index], *value = index + 1 < count ? arguments[index + 1] : NULL;
        if (value == NULL) refuse("an option has no value");
        if (strcmp(name, "--port") == 0) port = atol(value);
        else if (strcmp(name, "--requests") == 0) path = value;
        else if (strcmp(name, "--connections") == 0) connection_count = atol(value);
        else if (strcmp(name, "--seconds") == 0) seconds = atof(value);
        else if (strcmp(name, "--warm-up") == 0) warm_up = atof(value);
        else if (strcmp(name, "--rate") == 0) rate = atof(value);
        else if (strcmp(name, "--once") == 0) is_once = atol(value) != 0;
        else refuse("options are --port, --requests, --connections, --seconds, --warm-up, --rate and --once");
    }
    if (path == NULL || port < 1 || port > 65535) refuse("--port and --requests are needed");
    if (connection_count < 1 || connection_count > CONNECTIONS_MAX) refuse("--connections is between 1 and 4096");
    if (seconds <= 0 || warm_up < 0 || rate < 0) refuse("times and rates are positive");
    load(path);
    if (is_once) begins_left = request_count;
    if ((poller = epoll_create1(0)) < 0) fail("epoll_create1");
    // Without this a wait may be 50 µs longer than asked for.
    prctl(PR_SET_TIMERSLACK, 1);
    connect_all((int)connection_count, (uint16_t)port);

    uint64_t began = now();
    measure_from = began + (uint64_t)(warm_up * 1e9);
    measure_until = measure_from + (uint64_t)(seconds * 1e9);
    // How many requests were begun at a rate.
    uint64_t begun = 0;
    for (;;) {
        uint64_t time = now();
        if (time >= measure_until) break;
        uint64_t wait = measure_until - time;
        if (begins_left == 0 && idle_count == connection_count) {
            seconds = (double)(time - measure_from) / 1e9;
            break;
        }
        while (idle_count > 0 && begins_left > 0) {
            uint64_t due = time;
            if (rate > 0) {
                due = began + (uint64_t)((double)begun / rate * 1e9);
                if (due > time) {
                    wait = due - time;
                    break;
                }
                begun++;
            }
            start(idle[--idle_count], due);
        }
        struct epoll_event events[EVENTS_MAX];
        struct timespec timeout = {(time_t)(wait / 1000000000u), (long)(wait % 1000000000u)};
        int ready = epoll_pwait2(poller, events, EVENTS_MAX, &timeout, NULL);
        if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
        for (int index = 0; index < ready; index++) {
            int number = (int)events[index].data.u32;
            struct connection *connection = &connections[number];
            if (!connection->is_busy) continue;
            if (events[index].events & EPOLLOUT) finish_writing(connection);
            if (!receive(connection)) continue;
            uint64_t answer_time = now();
            note_answer(connection, answer_time);
            connection->is_busy = false;
            if (rate > 0 || begins_left == 0) idle[idle_count++] = number;
            else start(number, answer_time);
        }
    }
    printf("{\"answered\": %llu, \"answeredInAll\": %llu, \"failed\": %llu, \"seconds\": %.3f, \"perSecond\": %.1f, \"bytesReceived\": %llu, "
           "\"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f, \"firstError\": \"%s\"}\n",
           (unsigned long long)answered, (unsigned long long)answered_in_all, (unsigned long long)failed, seconds, (double)answered / seconds,
           (unsigned long long)bytes_received, quantile(0.5), quantile(0.99), quantile(0.999), (double)latency_max / 1000,
           first_error);
    return 0;
}
