/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-django-layer.h"
#include "channels-ctl-django-project.h"
#include "channels-ctl-error.h"

#include "channels-config.h"
#include "channels-layer-bounds.h"

#include <string.h>

#define ORIGIN "from a test"
#define SECRET "s3cret"

#define CORE "channels_redis.core.RedisChannelLayer"
#define PUBSUB "channels_redis.pubsub.RedisPubSubChannelLayer"
#define MEMORY "channels.layers.InMemoryChannelLayer"

#define LOCALHOST "Hosts=redis://localhost:6379\n"

/* Python's own quotes, to be read here. */
static char *
to_json (const char *text)
{
  char *json = g_strdup (text);

  return g_strdelimit (json, "'", '"');
}

static char *
make_layers (const char *backend, const char *config)
{
  g_autofree char *text =
      g_strdup_printf ("{'default':{'BACKEND':'%s','CONFIG':%s}}", backend, config);

  return to_json (text);
}

static void
convert (const char *json, ChannelsCtlSection *out_section)
{
  g_autoptr (GError) error = NULL;

  channels_ctl_django_layer_convert (json, strlen (json), "default", ORIGIN, out_section, &error);
  g_assert_no_error (error);
}

/* What channelsd makes of it. */
static ChannelsConfig *
load (const ChannelsCtlSection *section)
{
  g_autoptr (GPtrArray) mistakes = g_ptr_array_new_with_free_func (g_free);
  ChannelsConfig *config = channels_config_load_from_data (section->text->str, section->text->len,
                                                           "channels.conf", NULL, mistakes);

  if (config == NULL)
    g_error ("%s\n%s", (char *) g_ptr_array_index (mistakes, 0), section->text->str);

  return config;
}

typedef struct
{
  const char *name;
  const char *hosts;    /* as JSON with Python's quotes */
  const char *expected; /* of the whole section, what stands between Backend= and the end */
  gboolean secret;
} Hosts;

static const Hosts hosts[] = {
  { "none", "[]", LOCALHOST, FALSE },
  { "null", "null", LOCALHOST, FALSE },
  { "url", "['redis://127.0.0.1:6379/0']", "Hosts=redis://127.0.0.1:6379/0\n", FALSE },
  { "url-bare", "['redis://']", "Hosts=redis://localhost\n", FALSE },
  { "url-slash", "['redis://h/']", "Hosts=redis://h\n", FALSE },
  { "url-upper-case", "['REDIS://h:1/']", "Hosts=redis://h:1\n", FALSE },
  { "url-ipv6", "['redis://[::1]:7/1/']", "Hosts=redis://[::1]:7/1\n", FALSE },
  { "url-db", "['redis://h?db=3']", "Hosts=redis://h/3\n", FALSE },
  { "url-db-twice", "['redis://h/1?db=3']", "Hosts=redis://h/3\n", FALSE },
  { "url-password", "['redis://:s3cret@h']", "Hosts=redis://:s3cret@h\n", TRUE },
  { "url-user", "['redis://me:s3cret@h']", "Hosts=redis://me:s3cret@h\n", TRUE },
  { "url-escapes", "['redis://a%3Ab:%40%2Fx%3B%@h']", "Hosts=redis://a%3Ab:%40%2Fx%3B%25@h\n",
    TRUE },
  { "url-at", "['redis://:a@b@h']", "Hosts=redis://:a%40b@h\n", TRUE },
  { "url-query", "['redis://h?username=me&password=a+b']", "Hosts=redis://me:a%20b@h\n", TRUE },
  { "url-no-value", "['redis://h?password=']", "Hosts=redis://h\n", FALSE },
  { "url-tuning", "['redis://h?socket_timeout=3']",
    "# not taken over: hosts[0][\"socket_timeout\"]\nHosts=redis://h\n", FALSE },
  { "url-bytes", "[{'__python__':'bytes','value':'cmVkaXM6Ly9o'}]", "Hosts=redis://h\n", FALSE },
  { "several", "['redis://a','redis://b:1',['c',2]]", "Hosts=redis://a;redis://b:1;redis://c:2\n",
    FALSE },
  { "unix", "['unix:///run/redis.sock']", "Hosts=unix:///run/redis.sock\n", FALSE },
  { "unix-all", "['unix://me:s3cret@/a%20b;c?db=2']", "Hosts=unix://me:s3cret@/a%20b%3Bc?db=2\n",
    TRUE },
  { "unix-dict", "[{'path':'/run/r','db':1,'password':'s3cret'}]",
    "Hosts=unix://:s3cret@/run/r?db=1\n", TRUE },
  { "unix-class",
    "[{'path':'/r','connection_class':{'__python__':'class',"
    "'value':'redis.asyncio.connection.UnixDomainSocketConnection'}}]",
    "Hosts=unix:///r\n", FALSE },
  { "pair", "[['h',6380]]", "Hosts=redis://h:6380\n", FALSE },
  { "pair-text", "[['::1','6380']]", "Hosts=redis://[::1]:6380\n", FALSE },
  { "dict-empty", "[{}]", "Hosts=redis://localhost\n", FALSE },
  { "dict", "[{'host':'h','port':1,'db':'2','username':'me','password':'s3cret'}]",
    "Hosts=redis://me:s3cret@h:1/2\n", TRUE },
  { "dict-none",
    "[{'host':'h','port':null,'db':null,'username':null,'password':null,'ssl_ca_certs':null,"
    "'ssl':false,'ssl_certfile':null,'master_name':null,'connection_class':{'__python__':'class',"
    "'value':'redis.asyncio.connection.Connection'}}]",
    "Hosts=redis://h\n", FALSE },
  { "dict-no-password", "[{'username':'','password':''}]", "Hosts=redis://localhost\n", FALSE },
  { "dict-tuning", "[{'retry':{'__python__':'other','value':'redis.retry.Retry'},'new\\nline':1}]",
    "# not taken over: hosts[0][\"retry\"]\n# not taken over: hosts[0][\"new\\u000aline\"]\n"
    "Hosts=redis://localhost\n",
    FALSE },
  { "address", "[{'address':'redis://h/1'}]", "Hosts=redis://h/1\n", FALSE },
  { "address-beats", "[{'address':'redis://h','host':'x','password':'s3cret','db':4}]",
    "Hosts=redis://:s3cret@h/4\n", TRUE },
  { "address-db-beats", "[{'db':4,'address':'redis://h/1'}]", "Hosts=redis://h/1\n", FALSE },
  { "tls", "['rediss://h:1']", "Hosts=rediss://h:1\n", FALSE },
  { "tls-url", "['rediss://h?ssl_ca_certs=/a%20b&ssl_cert_reqs=required&ssl_check_hostname=True']",
    "Hosts=rediss://h?ssl_ca_certs=/a%20b\n", FALSE },
  { "tls-dict",
    "[{'address':'rediss://h/1','ssl_ca_certs':'/ca.pem','ssl_cert_reqs':2,"
    "'ssl_check_hostname':true}]",
    "Hosts=rediss://h/1?ssl_ca_certs=/ca.pem\n", FALSE },
  { "tls-hostname", "[{'address':'rediss://h','ssl_check_hostname':false}]",
    "# not taken over: hosts[0][\"ssl_check_hostname\"]\nHosts=rediss://h\n", FALSE },
  { "tls-flag", "[{'host':'h','ssl':true}]", "Hosts=rediss://h\n", FALSE },
  { "tls-class",
    "[{'host':'h','connection_class':{'__python__':'class',"
    "'value':'redis.asyncio.connection.SSLConnection'}}]",
    "Hosts=rediss://h\n", FALSE },
  { "sentinel", "[{'sentinels':[['a',26379],['::1','2']],'master_name':'mymaster'}]",
    "Hosts=sentinel://a:26379,[::1]:2/mymaster\n", FALSE },
  { "sentinel-all",
    "[{'master_name':'m','sentinels':[['a',1]],'db':3,'username':'me','password':'s3cret',"
    "'sentinel_kwargs':{'socket_timeout':1,'password':null}}]",
    "# not taken over: hosts[0][\"sentinel_kwargs\"][\"socket_timeout\"]\n"
    "Hosts=sentinel://me:s3cret@a:1/m?db=3\n",
    TRUE },
  { "sentinel-no-kwargs", "[{'master_name':'m','sentinels':[['a',1]],'sentinel_kwargs':null}]",
    "Hosts=sentinel://a:1/m\n", FALSE },
};

static void
test_hosts (gconstpointer data)
{
  const Hosts *row = data;
  g_autofree char *config = g_strdup_printf ("{'hosts':%s}", row->hosts);
  g_autofree char *core = make_layers (CORE, config);
  g_autofree char *pubsub = make_layers (PUBSUB, config);
  g_autofree char *expected = NULL;
  g_auto (ChannelsCtlSection) section = { 0 };
  g_auto (ChannelsCtlSection) other = { 0 };
  g_autoptr (ChannelsConfig) loaded = NULL;

  g_test_summary ("A host in any form of channels_redis is one of channels.conf, for both layers");

  convert (core, &section);
  convert (pubsub, &other);

  expected = g_strdup_printf ("# " ORIGIN "\n[Layer]\nBackend=redis\n%s", row->expected);
  g_assert_cmpstr (section.text->str, ==, expected);
  g_assert_true (g_str_has_suffix (other.text->str, row->expected));
  g_assert_cmpint (section.secret, ==, row->secret);
  loaded = load (&section);
}

typedef struct
{
  const char *name;
  const char *backend;
  const char *config;
  const char *expected;
  guint n_notes;
} Settings;

static const Settings settings[] = {
  { "none", CORE, "{}", "Backend=redis\n" LOCALHOST, 0 },
  { "all", CORE,
    "{'serializer_format':'msgpack','random_prefix_length':12,'channel_capacity':{'http.*':200,"
    "'[!a]?':1},'capacity':1000000,'group_expiry':31536000,'expiry':604800,'prefix':'mine'}",
    "Backend=redis\n" LOCALHOST
    "Prefix=mine\nExpiry=604800\nGroupExpiry=31536000\nCapacity=1000000\n"
    "ChannelCapacity=http.*:200;[!a]?:1\n",
    0 },
  { "least", CORE, "{'capacity':1,'group_expiry':1,'expiry':1.0}",
    "Backend=redis\n" LOCALHOST "Expiry=1\nGroupExpiry=1\nCapacity=1\n", 0 },
  { "from-environment", CORE, "{'capacity':'50'}", "Backend=redis\n" LOCALHOST "Capacity=50\n", 0 },
  { "falsy", CORE, "{'channel_capacity':null,'symmetric_encryption_keys':null}",
    "Backend=redis\n" LOCALHOST, 0 },
  { "empty", CORE, "{'channel_capacity':{},'symmetric_encryption_keys':[]}",
    "Backend=redis\n" LOCALHOST, 0 },
  { "backslash", CORE, "{'prefix':'a\\\\b;'}", "Backend=redis\n" LOCALHOST "Prefix=a\\\\b;\n", 0 },
  { "expression", CORE,
    "{'channel_capacity':{'__python__':'dict','value':[[{'__python__':'pattern','value':'^a'},1],"
    "['b',2]]}}",
    "Backend=redis\n" LOCALHOST "# not taken over, since channelsd has no regular expressions: "
    "channel_capacity[re.compile(\"^a\")]\nChannelCapacity=b:2\n",
    1 },
  { "no-channel", CORE, "{'channel_capacity':{'a b':1}}",
    "Backend=redis\n" LOCALHOST
    "# not taken over, since no channel has such a name: channel_capacity[\"a b\"]\n",
    1 },
  { "other-setting", CORE, "{'connection_kwargs':{}}",
    "Backend=redis\n" LOCALHOST "# not taken over: connection_kwargs\n", 1 },
  { "pubsub", PUBSUB, "{'prefix':'p','serializer_format':'msgpack'}",
    "Backend=redis-pubsub\n" LOCALHOST "Prefix=p\n", 0 },
  { "pubsub-ignores", PUBSUB,
    "{'on_disconnect':{'__python__':'other','value':'function'},"
    "'on_reconnect':null,'capacity':1}",
    "Backend=redis-pubsub\n" LOCALHOST "# not taken over: on_disconnect\n"
    "# not taken over: on_reconnect\n# not taken over: capacity\n",
    3 },
  { "memory", MEMORY, "{'capacity':5}",
    "Backend=memory\n# the memory layer carries nothing between processes: Django will not hear "
    "channelsd, nor channelsd Django\n# not taken over: capacity\n",
    2 },
};

static void
test_settings (gconstpointer data)
{
  const Settings *row = data;
  g_autofree char *json = make_layers (row->backend, row->config);
  g_autofree char *expected = g_strconcat ("# " ORIGIN "\n[Layer]\n", row->expected, NULL);
  g_auto (ChannelsCtlSection) section = { 0 };
  g_autoptr (ChannelsConfig) loaded = NULL;

  g_test_summary ("A setting is taken over, or there is a note that it is not");

  convert (json, &section);

  g_assert_cmpstr (section.text->str, ==, expected);
  g_assert_cmpuint (section.notes->len, ==, row->n_notes);
  g_assert_false (section.secret);
  loaded = load (&section);
}

static void
test_keys (void)
{
  g_auto (ChannelsCtlSection) section = { 0 };
  g_autoptr (ChannelsConfig) loaded = NULL;
  const char *const keys[] = { "plain", " a;b\\ ", "\t\n\r\x0b", "鑰匙", "bytes;", "a\fb", NULL };
  g_autofree char *json = make_layers (
      CORE, "{'symmetric_encryption_keys':['plain',' a;b\\\\ ','\\t\\n\\r\\u000b','鑰匙',"
            "{'__python__':'bytes','value':'Ynl0ZXM7'},'a\\fb']}");

  g_test_summary ("Keys arrive in channelsd as they are, whatever is in them");

  convert (json, &section);

  loaded = load (&section);
  g_assert_cmpstrv (channels_config_get_layer (loaded)->encryption_keys, keys);
  g_assert_true (section.secret);
  g_assert_cmpuint (section.notes->len, ==, 0);
}

static void
test_other_members (void)
{
  g_autofree char *json =
      to_json ("{'default':{'BACKEND':'" CORE "','TEST_CONFIG':{'hosts':['redis://" SECRET "']}}}");
  g_auto (ChannelsCtlSection) section = { 0 };

  g_test_summary ("CONFIG may be missing, and what else there is beside it is told of");

  convert (json, &section);

  g_assert_true (g_str_has_suffix (section.text->str, LOCALHOST "# not taken over: TEST_CONFIG\n"));
}

static const struct
{
  const char *hosts;
  const char *why;
} bad_hosts[] = {
  { "'redis://s3cret'", "hosts: a list is wanted, not str" },
  { "{'s3cret':1}", "hosts: a list is wanted" },
  { "5", "hosts: a list is wanted, not int" },
  { "['redis://h',5]", "hosts[1]: the URL of a Redis is wanted, not int" },
  { "[null]", "hosts[0]: the URL of a Redis is wanted, not None" },
  { "['s3cret']", "hosts[0]: that is not the URL of a Redis" },
  { "['http://me:s3cret@h']", "that is not the URL of a Redis" },
  { "['redis://:s3cret@h:x']", "that is not the URL of a Redis" },
  { "['redis://:s3cret%00@h']", "that is not the URL of a Redis" },
  { "['redis://h?s3cret']", "that is not the URL of a Redis" },
  { "['redis://:s3cret@h#x']", "a # in a password is written %23" },
  { "['redis://:s3cret@h:0']", "hosts[0][\"port\"]: a whole number from 1 to 65535 is wanted" },
  { "['redis://:s3cret@h/x']", "hosts[0][\"db\"]: a whole number from 0 to 2147483647 is wanted" },
  { "['redis://:s3cret@a,b']", "hosts[0][\"host\"]: that is not the name of a host" },
  { "['redis://s3cret@h']", "channelsd wants a password where there is a user" },
  { "['redis://h?address=s3cret&ssl_keyfile=/k']", "hosts[0][\"ssl_keyfile\"]: channelsd has no" },
  { "['redis://h?ssl_ca_certs=/s3cret']", "ssl_ca_certs goes with rediss://" },
  { "['rediss://h?ssl_ca_certs=s3cret']", "an absolute path is wanted" },
  { "['rediss://h?ssl_cert_reqs=none']", "always checks the server's certificate" },
  { "[{'address':'rediss://:s3cret@h','ssl_cert_reqs':null}]",
    "hosts[0][\"ssl_cert_reqs\"]: channelsd always checks the server's certificate" },
  { "[{'address':'rediss://h','ssl_cert_reqs':0}]", "always checks the server's certificate" },
  { "[{'address':'rediss://h','ssl_certfile':'/s3cret'}]", "channelsd has no counterpart of it" },
  { "[{'address':null}]", "the URL of a Redis is wanted, not None" },
  { "['unix://']", "an absolute path is wanted" },
  { "['unix:///']", "an absolute path is wanted" },
  { "[{'path':'/x','address':'redis://s3cret'}]", "a host beside a Unix socket" },
  { "['unix://s3cret/r']", "a host beside a Unix socket" },
  { "[{'path':'relative'}]", "hosts[0][\"path\"]: an absolute path is wanted" },
  { "[{'path':'/r','ssl':true}]", "neither Unix sockets nor Sentinel" },
  { "[['h']]", "a pair of a host and a port is wanted" },
  { "[['h',1,2]]", "a pair of a host and a port is wanted" },
  { "[['h',0]]", "hosts[0][\"port\"]: a whole number from 1 to 65535 is wanted" },
  { "[['h',65536]]", "from 1 to 65535" },
  { "[['h','x']]", "hosts[0][\"port\"]: a whole number" },
  { "[['',1]]", "that is not the name of a host" },
  { "[['a b',1]]", "that is not the name of a host" },
  { "[['fe80::1%eth0',1]]", "that is not the name of a host" },
  { "[{'host':5}]", "hosts[0][\"host\"]: text is wanted, not int" },
  { "[{'port':true}]", "hosts[0][\"port\"]: a whole number from 1 to 65535 is wanted" },
  { "[{'db':-1}]", "hosts[0][\"db\"]: a whole number from 0" },
  { "[{'db':1.5}]", "a whole number" },
  { "[{'password':[]}]", "hosts[0][\"password\"]: text is wanted, not list" },
  { "[{'password':{}}]", "text is wanted, not dict" },
  { "[{'password':{'__python__':'bytes','value':'/w=='}}]", "is wanted, not bytes" },
  { "[{'password':{'__python__':'other','value':'a.B'}}]", "is wanted, not a.B" },
  { "[{'credential_provider':{'__python__':'other','value':'a.B'}}]", "no counterpart of it" },
  { "[{'connection_class':{'__python__':'class','value':'mine.SSLConnection'}}]",
    "hosts[0][\"connection_class\"]: channelsd has no counterpart of it" },
  { "[{'__python__':'dict','value':[[1,2]]}]", "hosts[0]: text is wanted" },
  { "[{'master_name':'m'}]", "sentinels and master_name go together" },
  { "[{'sentinels':[['a',1]]}]", "sentinels and master_name go together" },
  { "[{'sentinels':[['a',1]],'master_name':'m','address':'redis://h'}]", "without an address" },
  { "[{'sentinels':[],'master_name':'m'}]", "a list of 1 to 16 is wanted" },
  { "[{'sentinels':null,'master_name':'m'}]", "a list of 1 to 16 is wanted" },
  { "[{'sentinels':['a:1'],'master_name':'m'}]", "each is a pair of a host and a port" },
  { "[{'sentinels':[['a',0]],'master_name':'m'}]",
    "hosts[0][\"sentinels\"]: a whole number from 1 to 65535" },
  { "[{'sentinels':[['a',1]],'master_name':'a/b'}]", "letters, digits and -._ are allowed" },
  { "[{'sentinels':[['a',1]],'master_name':''}]", "letters, digits and -._ are allowed" },
  { "[{'sentinels':[['a',1]],'master_name':'m','ssl':true}]", "neither Unix sockets nor Sentinel" },
  { "[{'sentinels':[['a',1]],'master_name':'m','path':'/r'}]", "and Sentinel at once" },
  { "[{'sentinels':[['a',1]],'master_name':'m','host':'h'}]", "a host beside" },
  { "[{'sentinels':[['a',1]],'master_name':'m','sentinel_kwargs':{'password':'s3cret'}}]",
    "hosts[0][\"sentinel_kwargs\"][\"password\"]: channelsd has no counterpart of it" },
  { "[{'sentinels':[['a',1]],'master_name':'m','sentinel_kwargs':{'ssl':true}}]",
    "hosts[0][\"sentinel_kwargs\"][\"ssl\"]: channelsd has no counterpart of it" },
  { "[{'sentinels':[['a',1]],'master_name':'m','sentinel_kwargs':[]}]", "a dictionary is wanted" },
};

static const struct
{
  const char *config;
  const char *why;
} bad_settings[] = {
  { "[]", "CONFIG: a dictionary is wanted, not list" },
  { "null", "CONFIG: a dictionary is wanted, not None" },
  { "{'__python__':'dict','value':[[1,2]]}", "CONFIG: text is wanted" },
  { "{'prefix':''}", "prefix: 1 to 99 bytes without white space are wanted" },
  { "{'prefix':'a b'}", "prefix: 1 to 99 bytes" },
  { "{'prefix':null}", "prefix: text is wanted" },
  { "{'expiry':0}", "expiry: a whole number from 1 to 604800 is wanted" },
  { "{'expiry':604801}", "expiry: a whole number from 1 to 604800 is wanted" },
  { "{'expiry':1.5}", "expiry: a whole number from 1 to 604800 is wanted" },
  { "{'expiry':18446744073709551615}", "expiry: a whole number from 1 to 604800 is wanted" },
  { "{'expiry':null}", "expiry: a whole number" },
  { "{'group_expiry':31536001}", "group_expiry: a whole number from 1 to 31536000 is wanted" },
  { "{'capacity':1000001}", "capacity: a whole number from 1 to 1000000 is wanted" },
  { "{'capacity':true}", "capacity: a whole number" },
  { "{'channel_capacity':[]}", "channel_capacity: a dictionary is wanted" },
  { "{'channel_capacity':{'a':0}}", "channel_capacity[\"a\"]: a whole number from 1 to 1000000" },
  { "{'channel_capacity':{'__python__':'dict','value':[[5,1]]}}",
    "channel_capacity: a pattern is wanted, not int" },
  { "{'symmetric_encryption_keys':'s3cret'}", "symmetric_encryption_keys: a list is wanted" },
  { "{'symmetric_encryption_keys':['a','']}", "symmetric_encryption_keys[1]: text" },
  { "{'symmetric_encryption_keys':['\\fs3cret']}", "symmetric_encryption_keys[0]: text" },
  { "{'symmetric_encryption_keys':['s3cret\\f']}", "symmetric_encryption_keys[0]: text" },
  { "{'symmetric_encryption_keys':[5]}", "symmetric_encryption_keys[0]: text" },
  { "{'symmetric_encryption_keys':[{'__python__':'bytes','value':'/w=='}]}", "in UTF-8" },
  { "{'symmetric_encryption_keys':[{'__python__':'bytes','value':'AA=='}]}", "without NUL" },
  { "{'serializer_format':'json'}", "serializer_format: channelsd speaks msgpack only" },
  { "{'serializer_format':null}", "serializer_format: channelsd speaks msgpack only" },
  { "{'random_prefix_length':0}", "random_prefix_length: channelsd has no other than 12" },
};

static const struct
{
  const char *layers;
  const char *why;
} bad_layers[] = {
  { "", "CHANNEL_LAYERS: that is not JSON" },
  { "{'default':'s3cret", "CHANNEL_LAYERS: that is not JSON" },
  { "{'default':'s3cret\\u0000'}", "CHANNEL_LAYERS: that is not JSON" },
  { "[]", "CHANNEL_LAYERS: a dictionary is wanted" },
  { "{}", "CHANNEL_LAYERS: there are none" },
  { "{'one':1,'two':2}", "CHANNEL_LAYERS: there is no “default”, but: one, two" },
  { "{'default':'s3cret'}", "default: a dictionary is wanted, not str" },
  { "{'default':{}}", "BACKEND: channelsd has no counterpart of “”, but of " CORE },
  { "{'default':{'BACKEND':'mine.Layer'}}",
    "BACKEND: channelsd has no counterpart of “mine.Layer”" },
};

static void
assert_refused (const char *json, const char *why)
{
  g_autoptr (GError) error = NULL;
  ChannelsCtlSection section = { 0 };

  g_assert_false (
      channels_ctl_django_layer_convert (json, strlen (json), "default", ORIGIN, &section, &error));
  g_assert_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED);
  g_test_message ("%s", error->message);
  if (strstr (error->message, why) == NULL)
    g_error ("“%s” is not why %s", error->message, json);
  g_assert_null (strstr (error->message, SECRET));
  g_assert_null (section.text);
}

static void
test_bad (void)
{
  g_test_summary ("What cannot be taken over is refused, and nothing of it repeated");

  for (guint i = 0; i < G_N_ELEMENTS (bad_hosts); i++)
    {
      g_autofree char *config = g_strdup_printf ("{'hosts':%s}", bad_hosts[i].hosts);
      g_autofree char *json = make_layers (CORE, config);

      assert_refused (json, bad_hosts[i].why);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad_settings); i++)
    {
      g_autofree char *json = make_layers (CORE, bad_settings[i].config);

      assert_refused (json, bad_settings[i].why);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad_layers); i++)
    {
      g_autofree char *json = to_json (bad_layers[i].layers);

      assert_refused (json, bad_layers[i].why);
    }
}

/* Settings with a list, or a text, of so many of the same. */
static char *
make_many (const char *before, const char *one, guint n, const char *after)
{
  g_autoptr (GString) text = g_string_new (before);

  for (guint i = 0; i < n; i++)
    g_string_append (text, one);
  g_string_append (text, after);

  return make_layers (CORE, text->str);
}

static void
test_bounds (void)
{
  const struct
  {
    const char *before;
    const char *one;
    const char *after;
    guint most;
    const char *why;
  } rows[] = {
    { "{'hosts':[['h',1]", ",['h',1]", "]}", CHANNELS_LAYER_ITEMS_MAX - 1,
      "hosts: more than 64 are not allowed" },
    { "{'symmetric_encryption_keys':['k'", ",'k'", "]}", CHANNELS_LAYER_ITEMS_MAX - 1,
      "symmetric_encryption_keys: more than 64 are not allowed" },
    { "{'channel_capacity':{'__python__':'dict','value':[['a',1]", ",['a',1]", "]}}",
      CHANNELS_LAYER_ITEMS_MAX - 1, "channel_capacity: more than 64 are not allowed" },
    { "{'hosts':[{'master_name':'m','sentinels':[['h',1]", ",['h',1]", "]}]}",
      CHANNELS_LAYER_HOSTS_SENTINELS_MAX - 1, "a list of 1 to 16 is wanted" },
    { "{'hosts':['redis://", "a", "']}", CHANNELS_LAYER_HOSTS_URL_MAX - 8,
      "hosts[0]: that makes a URL of more than 4096 bytes" },
    { "{'prefix':'", "p", "'}", CHANNELS_LAYER_PREFIX_MAX, "prefix: 1 to 99 bytes" },
  };

  g_test_summary ("Each bound of channels.conf is kept to the last, and not one more");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *most = make_many (rows[i].before, rows[i].one, rows[i].most, rows[i].after);
      g_autofree char *more =
          make_many (rows[i].before, rows[i].one, rows[i].most + 1, rows[i].after);
      g_auto (ChannelsCtlSection) section = { 0 };
      g_autoptr (ChannelsConfig) loaded = NULL;

      convert (most, &section);
      loaded = load (&section);
      assert_refused (more, rows[i].why);
    }
}

static void
test_pattern_bound (void)
{
  g_autofree char *most = make_many ("{'channel_capacity':{'", "a", 255, "':1}}");
  g_autofree char *more = make_many ("{'channel_capacity':{'", "a", 256, "':1}}");
  g_auto (ChannelsCtlSection) good = { 0 };
  g_auto (ChannelsCtlSection) noted = { 0 };
  g_autoptr (ChannelsConfig) loaded = NULL;

  g_test_summary ("A pattern that is longer than any is told of");

  convert (most, &good);
  convert (more, &noted);

  loaded = load (&good);
  g_assert_cmpuint (good.notes->len, ==, 0);
  g_assert_cmpuint (noted.notes->len, ==, 1);
}

static void
assert_layers (const char *text, const char *expected)
{
  gsize length;
  const char *found = channels_ctl_django_project_find_layers (text, &length);

  g_assert_cmpmem (found, length, expected, strlen (expected));
}

static void
test_find (void)
{
  g_test_summary ("The last marked line counts, or all where there is none");

  assert_layers ("{}", "{}");
  assert_layers ("CHANNEL_LAYERS={}", "{}");
  assert_layers ("a\nCHANNEL_LAYERS=1\nCHANNEL_LAYERS=2", "2");
  assert_layers ("a\nCHANNEL_LAYERS=[2]\nbye\n", "[2]");
  assert_layers ("CHANNEL_LAYERS={}\nbye\n", "{}");
  assert_layers ("a CHANNEL_LAYERS={}", "a CHANNEL_LAYERS={}");
  assert_layers ("{\n}\n", "{\n}\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autofree char *path = g_strdup_printf ("/ctl/import-django/hosts/%s", hosts[i].name);

      g_test_add_data_func (path, &hosts[i], test_hosts);
    }
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      g_autofree char *path = g_strdup_printf ("/ctl/import-django/settings/%s", settings[i].name);

      g_test_add_data_func (path, &settings[i], test_settings);
    }
  g_test_add_func ("/ctl/import-django/keys", test_keys);
  g_test_add_func ("/ctl/import-django/other-members", test_other_members);
  g_test_add_func ("/ctl/import-django/bad", test_bad);
  g_test_add_func ("/ctl/import-django/bounds", test_bounds);
  g_test_add_func ("/ctl/import-django/pattern-bound", test_pattern_bound);
  g_test_add_func ("/ctl/import-django/find", test_find);

  return g_test_run ();
}
