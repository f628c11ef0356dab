# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The servers that channelsd is measured beside: one group, each in its fastest configuration.

Each is a Peer: whether it is installed, and how it is started. Whatever one tab sends goes to all
of the group, itself too; the bare limit is sent what channelsd is, so that both write the same
frames. Compression, logs and whatever writes to disk are off; queues are bounded
only where a server knows no other way. Those that leave Nagle's algorithm on would wait 40 ms for
the client's acknowledgements, so it is told to send them at once.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile

from channelsd import Daemon, StartError, end, read_line, reserve_port, wait_until
from measure import Target
from nodes import Django, RedisServer

HERE = os.path.dirname(os.path.abspath(__file__))
NCHAN = '/usr/lib/nginx/modules/ngx_nchan_module.so'

CHAT = ('--path', '/ws/chat/', '--prefix', '{"message": "', '--suffix', '"}')
QUICK = '--quick-ack'

CONFIGURATION = '''
[Limits]
MessageRate=0
Connections=12000
'''

NGINX = '''
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile {descriptors};
error_log /dev/null;
pid {folder}/pid;
load_module {module};
events {{ worker_connections {descriptors}; use epoll; }}
http {{
  access_log off;
  tcp_nodelay on;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  {upstream}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      nchan_pubsub websocket;
      nchan_channel_id bench;
      nchan_subscriber_first_message newest;
      nchan_message_buffer_length 1000;
      {redis}
    }}
  }}
}}
'''

# Without a listener for plain MQTT 2.0.11 does not start.
MOSQUITTO = '''
listener {port} 127.0.0.1
listener {web_port} 127.0.0.1
protocol websockets
allow_anonymous true
max_queued_messages 0
max_inflight_messages 0
set_tcp_nodelay true
sys_interval 0
persistence false
log_dest none
'''

NATS = '''
host: 127.0.0.1
port: {port}
websocket {{ host: 127.0.0.1, port: {web_port}, no_tls: true, compression: false }}
ping_interval: "1h"
write_deadline: "60s"
'''


def escape(data):
    """Returns bytes as the load client's options take them."""
    return ''.join(chr(byte) if 32 <= byte < 127 and byte != 92 else f'\\x{byte:02x}'
                   for byte in data)


def mqtt_packet(kind, body_length, head=b''):
    """Returns a packet's head: its kind, how much follows, and the beginning of that."""
    length = body_length + len(head)
    packet = bytes([kind])
    while True:
        packet += bytes([length % 128 | (0x80 if length >= 128 else 0)])
        length //= 128
        if length == 0:
            return packet + head


def mqtt_options(size):
    """Returns how the load client speaks MQTT 3.1.1."""
    topic = b'\0\5bench'
    connect = mqtt_packet(0x10, 0, b'\0\4MQTT\4\2\0\0\0\0')
    subscribe = mqtt_packet(0x82, 0, b'\0\1' + topic + b'\0')
    return ['--hello', escape(connect + subscribe), '--ready', escape(b'\x90\3\0\1\0'),
            '--prefix', escape(mqtt_packet(0x30, size, topic))]


def nats_options(size):
    """Returns how the load client speaks NATS."""
    hello = b'CONNECT {"verbose":false,"pedantic":false}\r\nSUB bench 1\r\nPING\r\n'
    return ['--hello', escape(hello), '--ready', 'PONG',
            '--prefix', escape(f'PUB bench {size}\r\n'.encode()), '--suffix', escape(b'\r\n')]


def listens(port):
    """Returns whether somebody listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(('127.0.0.1', port)) == 0


@contextlib.contextmanager
def process(*command, port=None, env=None):
    """Runs a program, and gives its process and its port: that, or the one that it prints."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, bufsize=0, env=env) as running:
        try:
            if port is None:
                port = int(read_line(running.stdout).rsplit(':', 1)[1])
            wait_until(lambda: running.poll() is not None or listens(port), command[0])
            if running.poll() is not None:
                raise StartError(f'{" ".join(command)}: status {running.returncode}')
            yield running, port
        finally:
            end(running)


@contextlib.contextmanager
def configured(text):
    """Writes a file for as long as the context lasts; {folder} in it is the file's."""
    with tempfile.TemporaryDirectory(prefix='channels-bench-') as folder:
        path = os.path.join(folder, 'conf')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text.replace('{folder}', folder))
        yield path


class Peer:
    """A server.

    name: as the table shows it
    start: start (bench, size) returns a context of a Target
    program: what must be there to start it: a path, a program's name, a module of Node's
    install: how to get it
    loses: it drops what it cannot queue, so its window must be found
    slow: beyond 1,000 tabs an event takes seconds
    most: the greatest number of tabs with which it gets anything done
    """

    def __init__(self, name, start, program=None, install='', *, loses=False, slow=False,
                 most=100000):
        self.name = name
        self.start = start
        self.program = program
        self.install = install
        self.loses = loses
        self.slow = slow
        self.most = most

    def is_installed(self):
        """Returns whether it can be started."""
        if self.program is None:
            return True
        if self.program.startswith('node:'):
            return has_node_module(self.program[len('node:'):])
        return shutil.which(self.program) is not None or os.path.exists(self.program)


def has_node_module(name):
    """Returns whether Node has a module, or NODE_PATH leads to it."""
    if shutil.which('node') is None:
        return False
    return subprocess.run(['node', '-e', f'require("{name}")'], env=node_env(),
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def node_env():
    """Returns the environment in which Node finds Debian's modules, too."""
    paths = [os.environ.get('NODE_PATH'), '/usr/share/nodejs', '/usr/lib/nodejs']
    return {**os.environ, 'NODE_PATH': ':'.join(filter(None, paths))}


@contextlib.contextmanager
def start_bare(bench, _size):
    """Starts the bare limit."""
    with process(bench.program('bare-limit')) as (running, port):
        yield Target(port, CHAT, [running.pid])


@contextlib.contextmanager
def start_channelsd(bench, _size):
    """Starts channelsd with the memory layer."""
    with Daemon(bench.channelsd, '--no-bus', configuration=CONFIGURATION) as daemon:
        yield Target(daemon.port, CHAT, [daemon.process.pid])


def start_django(backend):
    """Returns what starts a Daphne."""
    @contextlib.contextmanager
    def start(_bench, _size):
        with RedisServer() as redis, Django(backend, [redis.url]) as django:
            pids = [django.process.pid]
            if backend != 'memory':
                pids.append(redis.process.pid)
            try:
                yield Target(django.port, [*CHAT, QUICK], pids)
            finally:
                django.process.kill()  # with many tabs it takes its time to end
    return start


@contextlib.contextmanager
def run_nchan(redis_url=None, storage='distributed'):
    """Runs nginx with nchan, alone or as a node beside others on a Redis: its process and its port.

    storage: where there is a Redis, nchan's nchan_redis_storage_mode
    """
    port = reserve_port()
    upstream = redis = ''
    if redis_url:
        upstream = (f'upstream redis {{ nchan_redis_server {redis_url}; '
                    f'nchan_redis_storage_mode {storage}; }}')
        redis = 'nchan_redis_pass redis;'
    text = NGINX.format(port=port, module=NCHAN, folder='{folder}', descriptors=20000,
                        user='user root;' if os.geteuid() == 0 else '', upstream=upstream,
                        redis=redis)
    with configured(text) as path, process('nginx', '-c', path, port=port) as (running, _):
        yield running, port


@contextlib.contextmanager
def start_nchan(_bench, _size):
    """Starts nginx with nchan."""
    with run_nchan() as (running, port):
        yield Target(port, [QUICK], [running.pid])


def start_broker(program, text, how, options):
    """Returns what starts a server that is told two ports, for TCP and for WebSockets.

    text: its configuration
    how: --raw, or the load client's options for WebSockets
    options: a function of the size that returns the others
    """
    @contextlib.contextmanager
    def start(_bench, size):
        port, web_port = reserve_port(), reserve_port()
        chosen = port if '--raw' in how else web_port
        with configured(text.format(port=port, web_port=web_port)) as path:
            with process(program, '-c', path, port=chosen) as (running, _):
                yield Target(chosen, [*how, *options(size)], [running.pid])
    return start


def start_node(module, options):
    """Returns what starts a server of Node's."""
    @contextlib.contextmanager
    def start(_bench, _size):
        with process('node', os.path.join(HERE, 'node-server.js'), module,
                     env=node_env()) as (running, port):
            yield Target(port, options, [running.pid])
    return start


SOCKET_IO = ['--path', '/socket.io/?EIO=4&transport=websocket', '--hello', '40', '--ready', '40{',
             '--prefix', '42["message","', '--suffix', '"]']

MQTT_FRAMES = ['--protocol', 'mqtt', '--binary', QUICK]

APT = 'apt-get install --no-install-recommends '
DJANGO = APT + 'daphne python3-django-channels python3-channels-redis redis-server'
NPM = 'npm install --prefix FOLDER {0}, and NODE_PATH=FOLDER/node_modules'

OURS = Peer('channelsd', start_channelsd)
BARE = Peer('bare limit', start_bare)
NCHAN_PEER = Peer('nchan', start_nchan, NCHAN, APT + 'nginx-light libnginx-mod-nchan', loses=True)

PEERS = [
    OURS,
    BARE,
    Peer('nats', start_broker('nats-server', NATS, ['--binary'], nats_options),
         'nats-server', APT + 'nats-server'),
    Peer('nats, TCP', start_broker('nats-server', NATS, ['--raw'], nats_options),
         'nats-server', APT + 'nats-server'),
    NCHAN_PEER,
    Peer('mosquitto', start_broker('mosquitto', MOSQUITTO, MQTT_FRAMES, mqtt_options),
         'mosquitto', APT + 'mosquitto'),
    Peer('mosquitto, TCP', start_broker('mosquitto', MOSQUITTO, ['--raw'], mqtt_options),
         'mosquitto', APT + 'mosquitto'),
    Peer('node ws', start_node('ws', []), 'node:ws', NPM.format('ws')),
    Peer('socket.io', start_node('socket.io', SOCKET_IO), 'node:socket.io',
         NPM.format('socket.io')),
    # Each of its receivers looks at all the others for each event: minutes an event at 10,000.
    Peer('Django, memory', start_django('memory'), 'daphne', DJANGO, loses=True, slow=True,
         most=1000),
    Peer('Django, core', start_django('core'), 'daphne', DJANGO, loses=True, slow=True),
    Peer('Django, pubsub', start_django('pubsub'), 'daphne', DJANGO, loses=True, slow=True),
]
