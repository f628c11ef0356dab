/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-config.h"

#include "channels-names.h"

#include <string.h>

#define NAME "a.conf"
#define SECRET "hunter2"

static ChannelsConfig *
load_with (const char *text, const ChannelsConfigOverrides *overrides)
{
  g_autoptr (GPtrArray) mistakes = g_ptr_array_new_with_free_func (g_free);
  ChannelsConfig *config =
      channels_config_load_from_data (text, strlen (text), NAME, overrides, mistakes);

  for (guint i = 0; i < mistakes->len; i++)
    g_test_message ("%s", (char *) g_ptr_array_index (mistakes, i));
  g_assert_cmpuint (mistakes->len, ==, 0);
  g_assert_nonnull (config);

  return config;
}

static ChannelsConfig *
load (const char *text)
{
  return load_with (text, NULL);
}

static GPtrArray *
find_mistakes (const char *text, const ChannelsConfigOverrides *overrides)
{
  g_autoptr (GPtrArray) mistakes = g_ptr_array_new_with_free_func (g_free);

  g_assert_null (channels_config_load_from_data (text, strlen (text), NAME, overrides, mistakes));
  for (guint i = 0; i < mistakes->len; i++)
    {
      g_test_message ("%s", (char *) g_ptr_array_index (mistakes, i));
      g_assert_null (strstr (g_ptr_array_index (mistakes, i), SECRET));
    }

  return g_steal_pointer (&mistakes);
}

static void
assert_mistake (const char *text, const char *expected)
{
  g_autoptr (GPtrArray) mistakes = find_mistakes (text, NULL);

  g_assert_cmpuint (mistakes->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (mistakes, 0), ==, expected);
}

/* That a mistake is told at line 2, in the group and key, and says what is allowed. */
static void
assert_wrong (const char *group, const char *key, const char *value, const char *allowed)
{
  g_autofree char *text = g_strdup_printf ("[%s]\n%s=%s\n", group, key, value);
  g_autofree char *place = g_strdup_printf (NAME ":2: [%s] %s: ", group, key);
  g_autoptr (GPtrArray) mistakes = find_mistakes (text, NULL);

  g_assert_cmpuint (mistakes->len, ==, 1);
  g_assert_true (g_str_has_prefix (g_ptr_array_index (mistakes, 0), place));
  g_assert_nonnull (strstr (g_ptr_array_index (mistakes, 0), allowed));
}

static ChannelsConfig *
load_value (const char *group, const char *key, const char *value)
{
  g_autofree char *text = g_strdup_printf ("[%s]\n%s=%s\n", group, key, value);

  return load (text);
}

static void
assert_listens (const ChannelsConfig *config, guint index, const char *address, guint16 port)
{
  const ChannelsConfigListen *listen = channels_config_get_listen (config, index);

  g_assert_cmpstr (listen->address, ==, address);
  g_assert_cmpuint (listen->port, ==, port);
}

static void
assert_leads (const ChannelsConfig *config, const char *path, const char *expected)
{
  g_autofree char *group = NULL;
  ChannelsConsumerKind consumer;

  if (channels_router_match (channels_config_get_router (config), path, &group, &consumer))
    g_assert_cmpstr (group, ==, expected);
  else
    g_assert_null (expected);
}

static void
assert_defaults (const ChannelsConfig *config)
{
  const ChannelsConfigLayer *layer = channels_config_get_layer (config);
  ChannelsLimits limits;

  channels_limits_init (&limits);

  g_assert_cmpuint (channels_config_get_n_listen (config), ==, 2);
  assert_listens (config, 0, "127.0.0.1", 8484);
  assert_listens (config, 1, "::1", 8484);
  g_assert_cmpuint (g_strv_length ((char **) channels_config_get_allowed_origins (config)), ==, 0);
  g_assert_cmpuint (g_strv_length ((char **) channels_config_get_allowed_hosts (config)), ==, 0);
  g_assert_false (channels_config_get_allow_other_users (config));
  g_assert_cmpint (channels_config_get_idle_timeout (config, FALSE), ==, 0);
  g_assert_cmpint (channels_config_get_idle_timeout (config, TRUE), ==, 600 * G_TIME_SPAN_SECOND);
  g_assert_cmpmem (channels_config_get_limits (config), sizeof limits, &limits, sizeof limits);
  assert_leads (config, "/ws/chat/", "chat_chat_room");
  assert_leads (config, "/ws/chat/x/", "chat_x");
  assert_leads (config, "/ws/", NULL);

  g_assert_cmpint (layer->backend, ==, CHANNELS_CONFIG_BACKEND_MEMORY);
  g_assert_cmpstrv (layer->hosts, ((const char *const[]){ "redis://127.0.0.1:6379/0", NULL }));
  g_assert_cmpstr (layer->prefix, ==, "asgi");
  g_assert_cmpuint (layer->expiry, ==, 60);
  g_assert_cmpuint (layer->group_expiry, ==, 86400);
  g_assert_cmpuint (layer->capacity, ==, 100);
  g_assert_cmpuint (layer->channel_capacities->len, ==, 0);
  g_assert_cmpuint (g_strv_length (layer->encryption_keys), ==, 0);
  g_assert_null (layer->password);
}

static void
test_config_defaults (void)
{
  g_autoptr (ChannelsConfig) config = load ("");

  g_test_summary ("Nothing needs to be configured");

  assert_defaults (config);
  g_assert_false (channels_config_get_listen (config, 0)->optional);
  g_assert_true (channels_config_get_listen (config, 1)->optional);
}

static char *
read_example (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "data", "channels.conf", NULL);
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);

  return text;
}

static void
test_config_example (void)
{
  g_autofree char *text = read_example ();
  g_autoptr (ChannelsConfig) config = load (text);

  g_test_summary ("The example changes nothing as it stands");

  assert_defaults (config);
}

static void
test_config_example_uncommented (void)
{
  g_autoptr (GRegex) comment = g_regex_new ("^#(?=[A-Z]\\w+=|\\[)", G_REGEX_MULTILINE, 0, NULL);
  g_autofree char *text = read_example ();
  g_autofree char *uncommented = g_regex_replace_literal (comment, text, -1, 0, "", 0, NULL);
  g_autoptr (ChannelsConfig) config = load (uncommented);

  g_test_summary ("The example has every key, with its default");

  assert_defaults (config);
  for (guint i = 0; i < CHANNELS_N_LIMITS; i++)
    {
      g_autofree char *line = g_strdup_printf ("\n%s=", channels_limit_get_info (i)->key);

      g_assert_nonnull (strstr (uncommented, line));
    }
}

static void
test_config_listen (void)
{
  g_autoptr (ChannelsConfig) config =
      load_value ("Server", "Listen", "127.0.0.1:0;[0::1]:65535; 127.0.0.1:80;127.0.0.1:0");

  g_test_summary ("Both addresses of the loopback may be listened on, with any port");

  g_assert_cmpuint (channels_config_get_n_listen (config), ==, 4);
  assert_listens (config, 0, "127.0.0.1", 0);
  assert_listens (config, 1, "::1", 65535);
  assert_listens (config, 2, "127.0.0.1", 80);
  assert_listens (config, 3, "127.0.0.1", 0);
  g_assert_false (channels_config_get_listen (config, 1)->optional);
}

static void
test_config_listen_refused (void)
{
  const char *const malformed[] = { "127.0.0.1", "localhost:80", "::1:80", "[127.0.0.1]:80",
                                    "[::1]",     ":80",          "[]:80",  "127.1:80" };
  const char *const strangers[] = {
    "0.0.0.0:80",   "[::]:80",     "192.168.0.1:80", "128.0.0.1:80", "[::ffff:127.0.0.1]:80",
    "127.0.0.2:80", "127.0.0.0:80"
  };
  const char *const ports[] = { "127.0.0.1:65536", "127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:x" };

  g_test_summary ("What is no address of the loopback with a port is refused");

  for (guint i = 0; i < G_N_ELEMENTS (malformed); i++)
    assert_wrong ("Server", "Listen", malformed[i], "ADDRESS:PORT");
  for (guint i = 0; i < G_N_ELEMENTS (strangers); i++)
    assert_wrong ("Server", "Listen", strangers[i], "loopback (127.0.0.1 or ::1)");
  for (guint i = 0; i < G_N_ELEMENTS (ports); i++)
    assert_wrong ("Server", "Listen", ports[i], "from 0 to 65535");
  assert_wrong ("Server", "Listen", "0.0.0.0:80", "AllowOtherUsers=true");
  assert_wrong ("Server", "Listen", "127.0.0.1:80;127.0.0.1:80", "twice");
  assert_wrong ("Server", "Listen", "", "1 to 64 are allowed");
}

static void
test_config_listen_elsewhere (void)
{
  const char *const addresses[] = { "0.0.0.0:80", "[::]:80", "192.168.0.1:80", "127.0.0.2:80" };

  g_test_summary ("Any address may be listened on where other users may connect");

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autofree char *both = g_strconcat (addresses[i], "\nAllowOtherUsers=true", NULL);
      g_autoptr (ChannelsConfig) config = load_value ("Server", "Listen", both);

      g_assert_cmpuint (channels_config_get_n_listen (config), ==, 1);
    }
}

static void
test_config_lists_are_bounded (void)
{
  g_autoptr (GString) most = g_string_new (NULL);
  g_autoptr (ChannelsConfig) config = NULL;

  g_test_summary ("A list has up to 64 items");

  for (guint i = 0; i < CHANNELS_CONFIG_ITEMS_MAX; i++)
    g_string_append (most, "127.0.0.1:0;");
  config = load_value ("Server", "Listen", most->str);
  g_assert_cmpuint (channels_config_get_n_listen (config), ==, CHANNELS_CONFIG_ITEMS_MAX);

  g_string_append (most, "127.0.0.1:0");
  assert_wrong ("Server", "Listen", most->str, "1 to 64 are allowed");
}

static void
test_config_guard (void)
{
  g_autoptr (ChannelsConfig) config =
      load ("[Server]\nAllowedOrigins=https://a.example;http://localhost:3000;http://localhost:*\n"
            "AllowedHosts=chat.example:8484\nAllowOtherUsers=true\n");

  g_test_summary ("Origins, hosts and users may be let in");

  g_assert_cmpstrv (channels_config_get_allowed_origins (config),
                    ((const char *const[]){ "https://a.example", "http://localhost:3000",
                                            "http://localhost:*", NULL }));
  g_assert_cmpstrv (channels_config_get_allowed_hosts (config),
                    ((const char *const[]){ "chat.example:8484", NULL }));
  g_assert_true (channels_config_get_allow_other_users (config));
}

static void
test_config_guard_refused (void)
{
  g_autofree char *scheme = g_strnfill (CHANNELS_ORIGIN_LENGTH_MAX - strlen ("://a"), 'a');
  g_autofree char *longest = g_strconcat (scheme, "://a", NULL);
  g_autofree char *too_long = g_strconcat (longest, "a", NULL);
  g_autoptr (ChannelsConfig) fits = NULL;

  g_test_summary ("An origin, a host or a word that is none is refused");

  fits = load_value ("Server", "AllowedOrigins", longest);
  g_assert_nonnull (fits);
  assert_wrong ("Server", "AllowedOrigins", too_long, "SCHEME://HOST:PORT");

  assert_wrong ("Server", "AllowedOrigins", "https://a.example/path", "SCHEME://HOST:PORT");
  assert_wrong ("Server", "AllowedOrigins", "https://u:" SECRET "@a.example", "SCHEME://HOST:PORT");
  assert_wrong ("Server", "AllowedOrigins", "null", "SCHEME://HOST:PORT");
  assert_wrong ("Server", "AllowedOrigins", "http://localhost:80:*", "SCHEME://HOST:*");
  assert_wrong ("Server", "AllowedOrigins", "*", "SCHEME://HOST:*");
  assert_wrong ("Server", "AllowedHosts", "u:" SECRET "@a.example", "HOST:PORT");
  assert_wrong ("Server", "AllowedHosts", "a b", "HOST:PORT");
  assert_wrong ("Server", "AllowOtherUsers", "yes", "“yes” is neither true nor false");
}

static void
test_config_idle_timeout (void)
{
  g_autoptr (ChannelsConfig) none = load_value ("Server", "IdleTimeout", "0");
  g_autoptr (ChannelsConfig) most = load_value ("Server", "IdleTimeout", "604800");

  g_test_summary ("The idle timeout of the file holds however the daemon was started");

  g_assert_cmpint (channels_config_get_idle_timeout (none, TRUE), ==, 0);
  g_assert_cmpint (channels_config_get_idle_timeout (most, FALSE), ==, 604800 * G_TIME_SPAN_SECOND);
  assert_wrong ("Server", "IdleTimeout", "604801", "auto or a whole number from 0 to 604800");
  assert_wrong ("Server", "IdleTimeout", "", "auto or a whole number from 0 to 604800");
}

static void
test_config_limits (void)
{
  g_test_summary ("Each limit takes its range to the last value, and not one more");

  for (guint i = 0; i < CHANNELS_N_LIMITS; i++)
    {
      const ChannelsLimitInfo *info = channels_limit_get_info (i);
      const guint64 ends[] = { info->minimum, info->maximum };
      g_autofree char *above = g_strdup_printf ("%" G_GUINT64_FORMAT, info->maximum + 1);
      g_autofree char *allowed = g_strdup_printf (
          "from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, info->minimum, info->maximum);

      for (guint j = 0; j < G_N_ELEMENTS (ends); j++)
        {
          g_autofree char *end = g_strdup_printf ("%" G_GUINT64_FORMAT, ends[j]);
          g_autoptr (ChannelsConfig) config = load_value ("Limits", info->key, end);

          g_assert_cmpuint (channels_config_get_limits (config)->value[i], ==, ends[j]);
        }

      assert_wrong ("Limits", info->key, above, allowed);
      assert_wrong ("Limits", info->key, "-1", allowed);
      assert_wrong ("Limits", info->key, "1k", allowed);
      assert_wrong ("Limits", info->key, "", allowed);
      if (info->minimum > 0)
        {
          g_autofree char *below = g_strdup_printf ("%" G_GUINT64_FORMAT, info->minimum - 1);

          assert_wrong ("Limits", info->key, below, allowed);
        }
    }
}

static void
test_config_routes (void)
{
  g_autoptr (ChannelsConfig) config = load ("[Route one]\nPath=/a/\nGroup=first\nConsumer=echo\n"
                                            "[Route two]\nConsumer=chat\nPath=/a/\nGroup=second\n");
  g_autofree char *group = NULL;
  ChannelsConsumerKind consumer;

  g_test_summary ("Routes replace the default ones, and the first that matches wins");

  g_assert_true (
      channels_router_match (channels_config_get_router (config), "/a/", &group, &consumer));
  g_assert_cmpstr (group, ==, "first");
  g_assert_cmpint (consumer, ==, CHANNELS_CONSUMER_ECHO);
  assert_leads (config, "/ws/chat/", NULL);
}

static void
test_config_notifications (void)
{
  static const char routes[] =
      "[Route off]\nPath=/a/\nGroup=a\nConsumer=chat\nNotifications=false\n"
      "[Route on]\nPath=/b/\nGroup=b\nConsumer=chat\nNotifications=true\n"
      "[Route more]\nPath=/c/\nGroup=c\nConsumer=chat\nNotifications=all\n";
  g_autofree char *with_redis = g_strconcat ("[Layer]\nBackend=redis\n", routes, NULL);
  g_autoptr (ChannelsConfig) alone = load (routes);
  g_autoptr (ChannelsConfig) config = load (with_redis);
  g_autoptr (ChannelsConfig) defaults = load ("[Layer]\nBackend=redis\n");
  ChannelsRouter *router = channels_config_get_router (config);

  g_test_summary ("A route says whose events may become a notification; what waits for those of "
                  "other nodes does not end by itself");

  g_assert_cmpint (channels_router_get_notifications (router, "a"), ==,
                   CHANNELS_NOTIFICATIONS_NONE);
  g_assert_cmpint (channels_router_get_notifications (router, "b"), ==, CHANNELS_NOTIFICATIONS_OWN);
  g_assert_cmpint (channels_router_get_notifications (router, "c"), ==, CHANNELS_NOTIFICATIONS_ALL);
  g_assert_cmpint (channels_config_get_idle_timeout (config, TRUE), ==, 0);
  g_assert_cmpint (channels_config_get_idle_timeout (alone, TRUE), >, 0);
  g_assert_cmpint (channels_config_get_idle_timeout (defaults, TRUE), >, 0);
}

static void
test_config_routes_refused (void)
{
  g_autoptr (GPtrArray) empty = find_mistakes ("\n[Route x]\n", NULL);
  g_autoptr (GPtrArray) path = find_mistakes ("[Route x]\nPath=a\nGroup=g\nConsumer=chat\n", NULL);
  g_autoptr (GPtrArray) group =
      find_mistakes ("[Route x]\nPath=/a/\nGroup=g h\nConsumer=chat\n", NULL);

  g_test_summary ("What is wrong with a route is told at its key");

  g_assert_cmpuint (empty->len, ==, 3);
  g_assert_cmpstr (g_ptr_array_index (empty, 0), ==,
                   NAME ":2: [Route x] Path: is missing: a route has Path, Group and Consumer");

  assert_mistake ("[Route x]\nPath=/a/\nGroup=g\nConsumer=cat\n",
                  NAME ":4: [Route x] Consumer: “cat” is neither chat nor echo");
  assert_mistake ("[Route x]\nPath=/a/\nGroup=g\nConsumer=chat\nGrp=\n",
                  NAME ":5: [Route x] Grp: there is no such key; the group has Path, Group, "
                       "Consumer, Notifications");
  assert_mistake ("[Route x]\nPath=/a/\nGroup=g\nConsumer=chat\nNotifications=yes\n",
                  NAME ":5: [Route x] Notifications: “yes” is neither true, false nor all");
  assert_mistake ("[Route x]\nPath=/{a}/\nGroup={a}\nConsumer=chat\nNotifications=all\n",
                  NAME ":5: [Route x] Notifications: “all” goes with a group without a “{name}” "
                       "only: what other nodes send to another one does not come here while nobody "
                       "is in it");

  g_assert_true (g_str_has_prefix (g_ptr_array_index (path, 0), NAME ":2: [Route x] Path: "));
  g_assert_true (g_str_has_prefix (g_ptr_array_index (group, 0), NAME ":3: [Route x] Group: "));
}

static void
test_config_routes_are_bounded (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (ChannelsConfig) config = NULL;
  g_autoptr (GPtrArray) mistakes = NULL;

  g_test_summary ("There are up to 256 routes");

  for (guint i = 0; i < CHANNELS_CONFIG_ROUTES_MAX; i++)
    g_string_append_printf (text, "[Route %u]\nPath=/%u/\nGroup=g\nConsumer=chat\n", i, i);
  config = load (text->str);
  assert_leads (config, "/255/", "g");

  g_string_append (text, "[Route last]\nPath=/last/\nGroup=g\nConsumer=chat\n");
  mistakes = find_mistakes (text->str, NULL);
  g_assert_cmpuint (mistakes->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (mistakes, 0), ==,
                   NAME ":1025: [Route last]: is route 257: up to 256 are allowed");
}

static void
test_config_tells_all_that_is_unknown (void)
{
  g_autoptr (GPtrArray) mistakes = find_mistakes (
      "[Server]\nPassword=" SECRET "\n[Sever]\n[Limits]\nnesting=3\n[Route ]\n", NULL);

  g_test_summary ("Every group and key that there is not is told, and what there is");

  g_assert_cmpuint (mistakes->len, ==, 4);
  g_assert_cmpstr (g_ptr_array_index (mistakes, 0), ==,
                   NAME ":2: [Server] Password: there is no such key; the group has Listen, "
                        "AllowedOrigins, AllowedHosts, AllowOtherUsers, IdleTimeout");
  g_assert_cmpstr (g_ptr_array_index (mistakes, 1), ==,
                   NAME ":3: [Sever]: there is no such group; the file has [Server], [Limits], "
                        "[Layer], [Route NAME]");
  g_assert_nonnull (strstr (g_ptr_array_index (mistakes, 2), "Nesting"));
  g_assert_true (g_str_has_prefix (g_ptr_array_index (mistakes, 3), NAME ":6: [Route ]: "));
}

static void
test_config_overrides (void)
{
  const char *const listen[] = { "127.0.0.1:1", NULL };
  const char *const redis[] = { "unix:///run/redis.sock?db=1", NULL };
  const ChannelsConfigOverrides overrides = { listen, "redis-pubsub", redis };
  g_autoptr (ChannelsConfig) config = load_with (
      "[Server]\nListen=127.0.0.1:2\n[Layer]\nBackend=redis\nHosts=redis://a\n", &overrides);

  g_test_summary ("The command line beats the file");

  g_assert_cmpuint (channels_config_get_n_listen (config), ==, 1);
  assert_listens (config, 0, "127.0.0.1", 1);
  g_assert_cmpint (channels_config_get_layer (config)->backend, ==,
                   CHANNELS_CONFIG_BACKEND_REDIS_PUBSUB);
  g_assert_cmpstrv (channels_config_get_layer (config)->hosts, redis);
}

static void
test_config_overrides_refused (void)
{
  const char *const listen[] = { "127.0.0.1:80", "x", NULL };
  const char *const redis[] = { "http://u:" SECRET "@x", NULL };
  const ChannelsConfigOverrides overrides = { listen, "u:" SECRET "@x", redis };
  g_autoptr (GPtrArray) mistakes = find_mistakes ("[Server]\nListen=y\n", &overrides);

  g_test_summary ("An option is under the same rules, and named; the file is not forgotten");

  g_assert_cmpuint (mistakes->len, ==, 4);
  g_assert_true (g_str_has_prefix (g_ptr_array_index (mistakes, 0), NAME ":2: [Server] Listen: "));
  g_assert_true (g_str_has_prefix (g_ptr_array_index (mistakes, 1), "--listen: “x” is not "));
  g_assert_true (g_str_has_prefix (g_ptr_array_index (mistakes, 2), "--layer: a value "));
  g_assert_true (g_str_has_prefix (g_ptr_array_index (mistakes, 3),
                                   "--redis: URL 1: not the URL of a Redis: "));
}

static void
test_config_text (void)
{
  g_autofree char *most = g_strnfill (CHANNELS_CONFIG_SIZE_MAX, '#');
  g_autofree char *more = g_strnfill (CHANNELS_CONFIG_SIZE_MAX + 1, '#');
  g_autoptr (ChannelsConfig) config = load (most);
  g_autoptr (GPtrArray) mistakes = g_ptr_array_new_with_free_func (g_free);

  g_test_summary ("A file is UTF-8 of at most 1 MiB");

  assert_defaults (config);
  assert_mistake (more, NAME ": is not text in UTF-8 of at most 1048576 bytes");
  assert_mistake ("#\xff", NAME ": is not text in UTF-8 of at most 1048576 bytes");
  g_assert_null (channels_config_load_from_data ("#\0", 2, NAME, NULL, mistakes));
  g_assert_cmpuint (mistakes->len, ==, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/config/defaults", test_config_defaults);
  g_test_add_func ("/config/example", test_config_example);
  g_test_add_func ("/config/example-uncommented", test_config_example_uncommented);
  g_test_add_func ("/config/listen", test_config_listen);
  g_test_add_func ("/config/listen-refused", test_config_listen_refused);
  g_test_add_func ("/config/listen-elsewhere", test_config_listen_elsewhere);
  g_test_add_func ("/config/lists-bounded", test_config_lists_are_bounded);
  g_test_add_func ("/config/guard", test_config_guard);
  g_test_add_func ("/config/guard-refused", test_config_guard_refused);
  g_test_add_func ("/config/notifications", test_config_notifications);
  g_test_add_func ("/config/idle-timeout", test_config_idle_timeout);
  g_test_add_func ("/config/limits", test_config_limits);
  g_test_add_func ("/config/routes", test_config_routes);
  g_test_add_func ("/config/routes-refused", test_config_routes_refused);
  g_test_add_func ("/config/routes-bounded", test_config_routes_are_bounded);
  g_test_add_func ("/config/unknown", test_config_tells_all_that_is_unknown);
  g_test_add_func ("/config/overrides", test_config_overrides);
  g_test_add_func ("/config/overrides-refused", test_config_overrides_refused);
  g_test_add_func ("/config/text", test_config_text);

  return g_test_run ();
}
