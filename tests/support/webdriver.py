# SPDX-FileCopyrightText: 2026 The Channels developers
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A headless Chromium, driven over the W3C WebDriver protocol.

    with Browser() as browser:
        browser.open('http://127.0.0.1:8484/')
        browser.find('#message').type('hello' + ENTER)

Only what the tests of the page need; the protocol is JSON over HTTP
(https://www.w3.org/TR/webdriver2/).
"""

import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile

from channelsd import PATIENCE, StartError, end, read_line

ENTER = '\ue007'
TAB = '\ue004'

ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'  # the protocol's key of an element

STARTED = re.compile(r'started successfully on port (\d+)')

ARGUMENTS = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
]


class WebDriverError(Exception):
    """The browser could not do what was asked; name is the protocol's error code."""

    def __init__(self, name, message):
        super().__init__(f'{name}: {message}')
        self.name = name


class Element:
    """An element of the page in the tab that it was found in."""

    def __init__(self, browser, identifier):
        self._browser = browser
        self._path = f'/element/{identifier}'
        self.reference = {ELEMENT: identifier}

    def type(self, text):
        """Focuses it and presses the keys of a text, one after the other."""
        self._browser.command('POST', f'{self._path}/value', {'text': text})

    def clear(self):
        """Empties a field."""
        self._browser.command('POST', f'{self._path}/clear', {})

    def click(self):
        """Clicks its middle."""
        self._browser.command('POST', f'{self._path}/click', {})

    @property
    def text(self):
        """Its text as it is shown."""
        return self._browser.command('GET', f'{self._path}/text')

    @property
    def label(self):
        """The name that a screen reader says."""
        return self._browser.command('GET', f'{self._path}/computedlabel')

    @property
    def role(self):
        """The role that a screen reader says."""
        return self._browser.command('GET', f'{self._path}/computedrole')

    def property(self, name):
        """The value of a property of its DOM object."""
        return self._browser.command('GET', f'{self._path}/property/{name}')

    def style(self, name):
        """The computed value of a CSS property."""
        return self._browser.command('GET', f'{self._path}/css/{name}')


class Browser:
    """A browser with a profile of its own; a context manager that ends it.

    arguments: further command-line options of Chromium
    env: the environment that it runs in; this process's own by default
    """

    def __init__(self, *arguments, env=None):
        self._profile = tempfile.mkdtemp(prefix='channels-browser-')
        self._connection = None
        self._session = None
        self._driver = None
        env = dict(os.environ if env is None else env)
        env.pop('G_DEBUG', None)  # which warnings end the browser is not ours to say
        try:
            self._driver = subprocess.Popen(['chromedriver', '--port=0'], env=env, bufsize=0,
                                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self._connection = http.client.HTTPConnection('127.0.0.1', self._read_port(),
                                                          timeout=3 * PATIENCE)
            self._begin([*ARGUMENTS, *arguments, f'--user-data-dir={self._profile}'])
        except BaseException:
            self.close()
            raise

    def _read_port(self):
        while True:
            line = read_line(self._driver.stdout)
            if not line and self._driver.poll() is not None:
                raise StartError('chromedriver ended before it listened')
            match = STARTED.search(line)
            if match:
                return int(match.group(1))

    def _begin(self, arguments):
        answer = self._request('POST', '/session', {'capabilities': {'alwaysMatch': {
            'browserName': 'chrome',
            'goog:chromeOptions': {'args': arguments},
            'goog:loggingPrefs': {'browser': 'ALL', 'performance': 'ALL'},
        }}})
        self._session = f'/session/{answer["sessionId"]}'

    def _request(self, method, path, body=None):
        payload = None if body is None else json.dumps(body)
        self._connection.request(method, path, payload, {'Content-Type': 'application/json'})
        answer = json.loads(self._connection.getresponse().read())['value']
        if isinstance(answer, dict) and 'error' in answer:
            raise WebDriverError(answer['error'], answer['message'])
        return answer

    def command(self, method, path, body=None):
        """Sends a command of the protocol, path being relative to the session."""
        return self._request(method, self._session + path, body)

    def devtools(self, command, **parameters):
        """Sends a command of Chromium's DevTools protocol to the current tab."""
        return self.command('POST', '/goog/cdp/execute', {'cmd': command, 'params': parameters})

    def new_tab(self):
        """Opens a tab, makes it the current one, and returns its handle.

        It acts as if it had the window's focus, and all such tabs may at once.
        """
        handle = self.command('POST', '/window/new', {'type': 'tab'})['handle']
        self.switch_to(handle)
        self.devtools('Emulation.setFocusEmulationEnabled', enabled=True)
        return handle

    def tabs(self):
        """Returns the handles of all tabs."""
        return self.command('GET', '/window/handles')

    def switch_to(self, handle):
        """Makes a tab the current one."""
        self.command('POST', '/window', {'handle': handle})

    def close_tab(self):
        """Closes the current tab; another must be made the current one then."""
        self.command('DELETE', '/window')

    def open(self, url):
        """Loads a page in the current tab, and returns when it has loaded."""
        self.command('POST', '/url', {'url': url})

    def find(self, selector):
        """Returns the first Element that a CSS selector matches."""
        found = self.command('POST', '/element', {'using': 'css selector', 'value': selector})
        return Element(self, found[ELEMENT])

    def find_all(self, selector):
        """Returns all Elements that a CSS selector matches, in document order."""
        found = self.command('POST', '/elements', {'using': 'css selector', 'value': selector})
        return [Element(self, one[ELEMENT]) for one in found]

    def focused(self):
        """Returns the Element that has the keyboard's focus."""
        return Element(self, self.command('GET', '/element/active')[ELEMENT])

    def press(self, keys):
        """Presses keys, one after the other, wherever the focus is."""
        actions = [{'type': kind, 'value': key} for key in keys for kind in ('keyDown', 'keyUp')]
        self.command('POST', '/actions', {'actions': [
            {'type': 'key', 'id': 'keyboard', 'actions': actions}]})

    def run(self, script, *arguments):
        """Runs the body of a function in the page, and returns what it returns.

        A promise is waited for. Elements are passed as their references.
        """
        return self.command('POST', '/execute/sync', {'script': script, 'args': arguments})

    def resize(self, width, height):
        """Sets the size of the page, in CSS pixels."""
        self.devtools('Emulation.setDeviceMetricsOverride', width=width, height=height,
                      deviceScaleFactor=1, mobile=False)

    def emulate_media(self, **features):
        """Sets media features of the current tab, such as prefers_color_scheme='dark'."""
        self.devtools('Emulation.setEmulatedMedia', features=[
            {'name': name.replace('_', '-'), 'value': value} for name, value in features.items()])

    def screenshot(self, path):
        """Writes what the current tab shows as a PNG file."""
        with open(path, 'wb') as file:
            file.write(base64.b64decode(self.command('GET', '/screenshot')))

    def console(self):
        """Returns the console's messages of all tabs since the last call.

        Each is a dictionary with level ('SEVERE' for an error), source and message.
        """
        return self.command('POST', '/se/log', {'type': 'browser'})

    def requested_urls(self):
        """Returns the URLs that pages have asked for since the last call, WebSockets too."""
        urls = []
        for entry in self.command('POST', '/se/log', {'type': 'performance'}):
            event = json.loads(entry['message'])['message']
            if event['method'] == 'Network.requestWillBeSent':
                urls.append(event['params']['request']['url'])
            elif event['method'] == 'Network.webSocketCreated':
                urls.append(event['params']['url'])
        return urls

    def close(self):
        """Ends the browser and removes its profile; may be called again."""
        try:
            if self._session:
                session, self._session = self._session, None
                self._request('DELETE', session)
        finally:
            if self._connection:
                self._connection.close()
            if self._driver:
                end(self._driver)
                self._driver.stdout.close()
            shutil.rmtree(self._profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()
