"""A TCP proxy between one worker and the cluster, which knows ZeroMQ's messages and can harm them.

It forwards whole messages, so that a fault hits exactly one: ZMTP 3 is a greeting of 64 bytes and then frames of flags,
length and body; a message is the frames until one has no `more`.
"""
import random
import socket
import threading
import time

GREETING = 64
MORE, LONG, COMMAND = 1, 2, 4
# Only tensors have frames of this size.
LARGE = 4096


class Message:
    """One ZeroMQ message, or one command, as it travels: its frames' heads and bodies."""

    def __init__(self, frames, is_command):
        self.frames = frames
        self.is_command = is_command

    @property
    def wire(self):
        return [part for frame in self.frames for part in frame]

    @property
    def largest(self):
        """The body of its largest frame."""
        return max((body for _, body in self.frames), key=len)

    def flip(self, place, bit):
        """Flips a bit of the largest frame; `place` is where in it, from 0 to 1."""
        self.largest[int(place * len(self.largest))] ^= 1 << bit


def read_message(exactly):
    """The next message, by `exactly`, which returns so many bytes."""
    frames = []
    while True:
        head = exactly(2)
        flags = head[0]
        if flags & LONG:
            head += exactly(7)
        frames.append((head, exactly(int.from_bytes(head[1:], "big"))))
        if not flags & MORE:
            return Message(frames, bool(flags & COMMAND))


class Trick:
    """Something to do to the next message of a kind: `matches(way, message)` finds it, `play(way, message)` harms it.

    `play` forwards what is to be forwarded; `count` messages are harmed.
    """

    def __init__(self, matches, play, count=1):
        self.matches, self.play, self.left = matches, play, count
        self.done = threading.Event()


class Way(threading.Thread):
    """One direction of a connection."""

    def __init__(self, link, source, sink, to_cluster):
        super().__init__(daemon=True)
        self.link, self.source, self.sink, self.to_cluster = link, source, sink, to_cluster
        self.port = link.port
        self.late = []  # Copies to send again: (when, parts).

    def run(self):
        try:
            self.greet()
            while True:
                message = read_message(self.exactly)
                self.link.proxy.carry(self, message)
                while self.late and self.late[0][0] <= time.monotonic():
                    self.send(self.late.pop(0)[1])
        except OSError:
            pass
        finally:
            self.link.close()

    def greet(self):
        """Forwards the greeting as it comes: each side waits for the other's first bytes before it sends its last."""
        left = GREETING
        while left:
            part = self.source.recv(left)
            if not part:
                raise ConnectionError
            self.link.proxy.open.wait()
            self.send([part])
            left -= len(part)

    def exactly(self, count):
        data = bytearray(count)
        view = memoryview(data)
        while view:
            received = self.source.recv_into(view)
            if received == 0:
                raise ConnectionError
            view = view[received:]
        return data

    def send(self, parts):
        for part in parts:
            self.sink.sendall(part)


class Link:
    """A connection of the worker, and the one it stands for."""

    def __init__(self, proxy, port, client):
        self.proxy, self.port, self.client = proxy, port, client
        self.server = socket.create_connection(("127.0.0.1", port), timeout=5)
        for end in (self.client, self.server):
            end.settimeout(None)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ways = [Way(self, self.client, self.server, True), Way(self, self.server, self.client, False)]

    def start(self):
        for way in self.ways:
            way.start()

    def close(self):
        self.proxy.links.discard(self)
        for end in (self.client, self.server):
            # Shutting down wakes the other way's thread, which closing alone does not.
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()


class Proxy:
    """Listens at `host` on the cluster's own ports and forwards to 127.0.0.1."""

    def __init__(self, host, ports):
        self.host = host
        self.links = set()
        self.seen = set()  # The ports that the worker has used.
        self.open = threading.Event()
        self.open.set()
        self.delay = None
        self.trick = None
        self.lock = threading.Lock()
        self.listeners = []
        for port in ports:
            listener = socket.create_server((host, port))
            self.listeners.append(listener)
            threading.Thread(target=self.accept, args=(listener, port), daemon=True).start()

    def accept(self, listener, port):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                link = Link(self, port, client)
            except OSError:
                # Nobody listens there just now; the worker finds it so, and tries again.
                client.close()
                continue
            self.links.add(link)
            self.seen.add(port)
            link.start()

    def carry(self, way, message):
        """Forwards a message, with what is the matter with this proxy at the moment."""
        self.open.wait()
        if delay := self.delay:
            time.sleep(delay())
        if trick := self.take_trick(way, message):
            trick.play(way, message)
            if trick.left == 0:
                trick.done.set()
        else:
            way.send(message.wire)

    def take_trick(self, way, message):
        with self.lock:
            trick = self.trick
            if trick is None or message.is_command or not trick.matches(way, message):
                return None
            trick.left -= 1
            if trick.left == 0:
                self.trick = None
            return trick

    def cut(self):
        for link in list(self.links):
            link.close()

    def hang(self):
        self.open.clear()

    def release(self):
        """Closes what hung; new connections work again."""
        hung = list(self.links)
        for link in hung:
            link.close()
        self.open.set()

    def close(self):
        for listener in self.listeners:
            # As with connections: closing alone does not wake the thread that accepts.
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listener.close()
        self.release()


def free_ports(count, hosts):
    """The first of so many ports in a row that nobody uses at any of these hosts.

    They lie below those that the system hands out by itself, or a port could be taken while its owner is restarted.
    """
    while True:
        first = random.SystemRandom().randrange(20_000, 32_000 - count)
        try:
            for host in hosts:
                for port in range(first, first + count):
                    socket.create_server((host, port)).close()
            return first
        except OSError:
            continue
