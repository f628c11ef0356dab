/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-backend.h"
#include "channels-config.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#define NAME "a.conf"
#define SECRET "hunter2"

/* What `[Layer] KEY=VALUE` gives: the values, or NULL and the one mistake. */
static ChannelsConfig *
load_value (const char *key, const char *value, char **out_mistake)
{
  g_autofree char *text = g_strdup_printf ("[Layer]\n%s=%s\n", key, value);
  g_autoptr (GPtrArray) mistakes = g_ptr_array_new_with_free_func (g_free);
  ChannelsConfig *config =
      channels_config_load_from_data (text, strlen (text), NAME, NULL, mistakes);

  g_assert_cmpuint (mistakes->len, ==, config == NULL ? 1 : 0);
  if (config == NULL)
    *out_mistake = g_strdup (g_ptr_array_index (mistakes, 0));

  return config;
}

static ChannelsConfig *
load (const char *key, const char *value)
{
  g_autofree char *mistake = NULL;
  ChannelsConfig *config = load_value (key, value, &mistake);

  g_assert_cmpstr (mistake, ==, NULL);

  return config;
}

static void
assert_wrong (const char *key, const char *value, const char *allowed)
{
  g_autofree char *place = g_strdup_printf (NAME ":2: [Layer] %s: ", key);
  g_autofree char *mistake = NULL;

  g_assert_null (load_value (key, value, &mistake));
  g_test_message ("%s", mistake);
  g_assert_true (g_str_has_prefix (mistake, place));
  g_assert_nonnull (strstr (mistake, allowed));
  g_assert_null (strstr (mistake, SECRET));
}

static void
test_layer_backend (void)
{
  const char *const names[] = { "memory", "redis", "redis-pubsub" };

  g_test_summary ("There are three layers, and each is made under the name that it is asked for");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (ChannelsConfig) config = load ("Backend", names[i]);
      g_autoptr (ChannelsIdentity) identity = channels_identity_new (NULL, "layer");
      g_autoptr (GError) error = NULL;
      g_autoptr (ChannelsLayer) layer = channels_backend_new (config, identity, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (channels_layer_get_name (layer), ==, names[i]);
    }

  assert_wrong ("Backend", "Redis", "“Redis” is not memory, redis or redis-pubsub");
  assert_wrong ("Backend", "redis://u:" SECRET "@h/0", "is not memory, redis or redis-pubsub");
}

static void
test_layer_hosts (void)
{
  const char *const good[] = {
    "redis://h",
    "redis://127.0.0.1:6379/0",
    "redis://[::1]:1/65535",
    "redis://:p@h:65535",
    "redis://h?db=3",
    "rediss://u:p%40@h:1/",
    "rediss://h?ssl_ca_certs=/etc/ca.pem",
    "unix:///run/r.sock",
    "unix://u:p@/r?db=15",
    "sentinel://a,b:1/mymaster?db=2",
  };
  const char *const bad[] = {
    SECRET,
    "http://u:" SECRET "@h",
    "redis://" SECRET "@h",
    "redis://u:" SECRET "@h:0",
    "redis://u:" SECRET "@h:65536",
    "redis://u:" SECRET "@h/x",
    "redis://u:" SECRET "@h/0/1",
    "redis://u:" SECRET "@h?ssl_ca_certs=/x",
    "redis://u:" SECRET "%@h",
    "unix://" SECRET "/r",
    "unix://",
    "unix:///",
    "unix:///r?db=x",
    "unix:///r?password=hunter2",
    "sentinel://:" SECRET "@a",
    "",
  };

  g_test_summary ("A URL that the layer reads is taken, and no other is repeated");

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (ChannelsConfig) config = load ("Hosts", good[i]);

      g_assert_cmpstr (channels_config_get_layer (config)->hosts[0], ==, good[i]);
    }

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *value = g_strconcat ("redis://h;", bad[i], ";", NULL);

      assert_wrong ("Hosts", value, "URL 2: not the URL of a Redis: ");
    }
  assert_wrong ("Hosts", "", "1 to 64 are allowed");
}

static void
test_layer_numbers (void)
{
  const struct
  {
    const char *key;
    const char *maximum;
    const char *above;
    gsize offset;
  } numbers[] = {
    { "Expiry", "604800", "604801", G_STRUCT_OFFSET (ChannelsConfigLayer, expiry) },
    { "GroupExpiry", "31536000", "31536001", G_STRUCT_OFFSET (ChannelsConfigLayer, group_expiry) },
    { "Capacity", "1000000", "1000001", G_STRUCT_OFFSET (ChannelsConfigLayer, capacity) },
  };

  g_test_summary ("Times and capacities take their range to the last value, and not one more");

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_autoptr (ChannelsConfig) least = load (numbers[i].key, "1");
      g_autoptr (ChannelsConfig) most = load (numbers[i].key, numbers[i].maximum);
      g_autofree char *allowed = g_strdup_printf ("from 1 to %s", numbers[i].maximum);

      g_assert_cmpuint (
          G_STRUCT_MEMBER (guint, channels_config_get_layer (least), numbers[i].offset), ==, 1);
      g_assert_cmpuint (
          G_STRUCT_MEMBER (guint, channels_config_get_layer (most), numbers[i].offset), ==,
          g_ascii_strtoull (numbers[i].maximum, NULL, 10));
      assert_wrong (numbers[i].key, "0", allowed);
      assert_wrong (numbers[i].key, numbers[i].above, allowed);
    }
}

static void
test_layer_prefix (void)
{
  g_autofree char *most = g_strnfill (99, 'p');
  g_autofree char *more = g_strnfill (100, 'p');
  g_autoptr (ChannelsConfig) config = load ("Prefix", most);

  g_test_summary ("A prefix is 1 to 99 bytes without white space");

  g_assert_cmpstr (channels_config_get_layer (config)->prefix, ==, most);
  assert_wrong ("Prefix", more, "1 to 99 bytes");
  assert_wrong ("Prefix", "", "1 to 99 bytes");
  assert_wrong ("Prefix", "a b", "1 to 99 bytes");
}

static void
test_layer_channel_capacity (void)
{
  g_autoptr (ChannelsConfig) config =
      load ("ChannelCapacity", "http.request:1;http.response!*:1000000;[a-z]?:3");
  const ChannelsConfigLayer *layer = channels_config_get_layer (config);
  const ChannelsConfigCapacity *capacity;
  const char *const bad[] = { "a", ":1", "a:0", "a:1000001", "a:", "a b:1", "a:-1", "a/b:1", "" };

  g_test_summary ("Channels whose name has a pattern may have a capacity of their own");

  g_assert_cmpuint (layer->channel_capacities->len, ==, 3);
  capacity = g_ptr_array_index (layer->channel_capacities, 1);
  g_assert_cmpstr (capacity->pattern, ==, "http.response!*");
  g_assert_cmpuint (capacity->capacity, ==, 1000000);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *value = g_strconcat ("a:1;", bad[i], ";", NULL);

      assert_wrong ("ChannelCapacity", value, "is not PATTERN:N");
    }
}

static void
test_layer_encryption_keys (void)
{
  g_autoptr (ChannelsConfig) config = load ("SymmetricEncryptionKeys", "new\\;er;\\sold");

  g_test_summary ("Secrets may have any byte, and are not repeated");

  g_assert_cmpstrv (channels_config_get_layer (config)->encryption_keys,
                    ((const char *const[]){ "new;er", " old", NULL }));
  assert_wrong ("SymmetricEncryptionKeys", SECRET ";;x", "secret 2 is empty");
  assert_wrong ("SymmetricEncryptionKeys", SECRET "\\x", "has a \\ that is not one of");
}

static void
write_file (const char *path, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *directory = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (directory, 0700), ==, 0);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
assert_password (const char *text, const char *expected)
{
  g_autofree char *path = g_build_filename (g_get_user_runtime_dir (), "password", NULL);
  g_autoptr (ChannelsConfig) config = NULL;

  write_file (path, text);
  config = load ("PasswordFile", path);
  g_assert_cmpstr (channels_config_get_layer (config)->password, ==, expected);
}

static void
assert_no_password (const char *text)
{
  g_autofree char *path = g_build_filename (g_get_user_runtime_dir (), "password", NULL);

  write_file (path, text);
  assert_wrong ("PasswordFile", path, "1 to 4096 bytes");
}

static void
test_layer_password (void)
{
  g_autofree char *most = g_strnfill (4096, 'p');
  g_autofree char *more = g_strconcat (most, SECRET, NULL);

  g_test_summary ("A password may stand in a file of its own");

  assert_password (SECRET "\n", SECRET);
  assert_password (SECRET, SECRET);
  assert_password (most, most);
  assert_no_password (more);
  assert_no_password ("");
  assert_no_password ("\n");
  assert_no_password (SECRET "\xff");
  assert_wrong ("PasswordFile", SECRET, "neither a file by its absolute path");
  assert_wrong ("PasswordFile", "/" SECRET, "neither a file by its absolute path");
  assert_wrong ("PasswordFile", "/dev/null", "neither a file by its absolute path");
}

static void
test_layer_credential (void)
{
  g_autofree char *path = g_build_filename (g_get_user_runtime_dir (), "credential", NULL);
  g_autoptr (ChannelsConfig) config = NULL;

  g_test_summary ("A password may be a credential of the systemd unit, and nothing outside them");

  write_file (path, SECRET);
  g_setenv ("CREDENTIALS_DIRECTORY", g_get_user_runtime_dir (), TRUE);
  config = load ("PasswordFile", "credential");
  assert_wrong ("PasswordFile", "../" SECRET, "neither a file");
  g_unsetenv ("CREDENTIALS_DIRECTORY");

  g_assert_cmpstr (channels_config_get_layer (config)->password, ==, SECRET);
}

static void
assert_found (const char *expected)
{
  g_autofree char *path = channels_config_find_file ();

  g_assert_cmpstr (path, ==, expected);
}

static void
test_file_is_found (void)
{
  const char *const *system = g_get_system_config_dirs ();
  g_autofree char *last = NULL, *first = NULL, *user = NULL;

  g_test_summary ("The user's file goes before the system's, and those go in their order");

  g_assert_cmpuint (g_strv_length ((char **) system), >=, 2);
  last = g_build_filename (system[1], "channels", "channels.conf", NULL);
  first = g_build_filename (system[0], "channels", "channels.conf", NULL);
  user = g_build_filename (g_get_user_config_dir (), "channels", "channels.conf", NULL);

  assert_found (NULL);
  write_file (last, "");
  assert_found (last);
  write_file (first, "");
  assert_found (first);
  write_file (user, "");
  assert_found (user);
}

static void
test_file_is_loaded (void)
{
  g_autofree char *path = g_build_filename (g_get_user_config_dir (), "a.conf", NULL);
  g_autofree char *expected = g_strconcat (path, ":2: [Server] x: ", NULL);
  g_autoptr (GPtrArray) mistakes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (ChannelsConfig) config = NULL;
  g_autoptr (ChannelsConfig) none = channels_config_load (NULL, NULL, mistakes);

  g_test_summary (
      "A file is loaded, and named in its mistakes; without one there are the defaults");

  g_assert_cmpuint (channels_config_get_n_listen (none), ==, 2);

  write_file (path, "[Server]\nAllowOtherUsers=true\n");
  config = channels_config_load (path, NULL, mistakes);
  g_assert_true (channels_config_get_allow_other_users (config));
  g_assert_cmpuint (mistakes->len, ==, 0);

  write_file (path, "[Server]\nx=y\n");
  g_assert_null (channels_config_load (path, NULL, mistakes));
  g_assert_cmpuint (mistakes->len, ==, 1);
  g_assert_true (g_str_has_prefix (g_ptr_array_index (mistakes, 0), expected));
}

static void
test_file_that_cannot_be_read (void)
{
  g_autofree char *missing = g_build_filename (g_get_user_config_dir (), "missing", NULL);
  g_autofree char *large = g_build_filename (g_get_user_config_dir (), "large", NULL);
  g_autofree char *text = g_strnfill (CHANNELS_CONFIG_SIZE_MAX + 1, '#');
  const char *const paths[] = { missing, large, g_get_user_config_dir () };

  g_test_summary ("A file that is not there, too large or a folder is a mistake that names it");

  write_file (large, text);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GPtrArray) mistakes = g_ptr_array_new_with_free_func (g_free);

      g_assert_null (channels_config_load (paths[i], NULL, mistakes));
      g_assert_cmpuint (mistakes->len, ==, 1);
      g_test_message ("%s", (char *) g_ptr_array_index (mistakes, 0));
      g_assert_true (g_str_has_prefix (g_ptr_array_index (mistakes, 0), paths[i]));
    }
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }

  g_assert_cmpint (g_remove (path), ==, 0);
}

/* Not G_TEST_OPTION_ISOLATE_DIRS: it leaks, and valgrind tells. */
static char *
isolate_directories (void)
{
  g_autoptr (GError) error = NULL;
  char *top = g_dir_make_tmp ("channels-XXXXXX", &error);
  g_autofree char *home = NULL, *system = NULL;

  g_assert_no_error (error);
  home = g_build_filename (top, "home", NULL);
  system = g_strdup_printf ("%s/first:%s/last", top, top);
  g_setenv ("XDG_CONFIG_HOME", home, TRUE);
  g_setenv ("XDG_CONFIG_DIRS", system, TRUE);
  g_setenv ("XDG_RUNTIME_DIR", top, TRUE);

  return top;
}

static void
test_config_layer_of_another (void)
{
  static const struct
  {
    const char *key;
    const char *value;
  } others[] = {
    { "Hosts", "redis://a" },     { "Prefix", "other" },        { "Expiry", "61" },
    { "GroupExpiry", "61" },      { "Capacity", "61" },         { "ChannelCapacity", "a:1" },
    { "ChannelCapacity", "a:2" }, { "ChannelCapacity", "b:1" }, { "SymmetricEncryptionKeys", "a" },
  };
  g_autoptr (ChannelsConfig) redis = load ("Backend", "redis");
  g_autoptr (ChannelsConfig) same = load ("Backend", "redis\nHosts=redis://127.0.0.1:6379/0");
  g_autoptr (ChannelsConfig) pubsub = load ("Backend", "redis-pubsub");
  g_autoptr (ChannelsConfig) memory = load ("Backend", "memory");
  g_autoptr (ChannelsConfig) still_memory = load ("Prefix", "other");
  g_autoptr (ChannelsConfig) before = channels_config_ref (redis);

  g_test_summary ("Two layers are one where every setting is, or where neither has any");

  g_assert_true (channels_config_has_layer_of (redis, same));
  g_assert_true (channels_config_has_layer_of (memory, still_memory));
  g_assert_false (channels_config_has_layer_of (redis, memory));
  g_assert_false (channels_config_has_layer_of (redis, pubsub));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autofree char *text = g_strdup_printf ("redis\n%s=%s", others[i].key, others[i].value);
      g_autoptr (ChannelsConfig) other = load ("Backend", text);

      g_assert_false (channels_config_has_layer_of (before, other));
      channels_config_unref (before);
      before = g_steal_pointer (&other);
    }
}

int
main (int argc, char *argv[])
{
  g_autofree char *top = isolate_directories ();
  int status;

  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/config/layer/backend", test_layer_backend);
  g_test_add_func ("/config/layer/hosts", test_layer_hosts);
  g_test_add_func ("/config/layer/numbers", test_layer_numbers);
  g_test_add_func ("/config/layer/prefix", test_layer_prefix);
  g_test_add_func ("/config/layer/channel-capacity", test_layer_channel_capacity);
  g_test_add_func ("/config/layer/encryption-keys", test_layer_encryption_keys);
  g_test_add_func ("/config/layer/password", test_layer_password);
  g_test_add_func ("/config/layer/credential", test_layer_credential);
  g_test_add_func ("/config/file/found", test_file_is_found);
  g_test_add_func ("/config/layer/of-another", test_config_layer_of_another);
  g_test_add_func ("/config/file/loaded", test_file_is_loaded);
  g_test_add_func ("/config/file/unreadable", test_file_that_cannot_be_read);

  status = g_test_run ();
  remove_tree (top);

  return status;
}
