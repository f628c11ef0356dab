/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-layer-bounds.h"
#include "channels-redis-address.h"

#include <gio/gio.h>
#include <string.h>

#define SECRET "s3cret"

/* One that is good, with what shall be in it. */
typedef struct
{
  const char *url;
  const char *display;
  const char *user;
  const char *password;
} Good;

static const Good good[] = {
  { "redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0", NULL, NULL },
  { "redis://", "redis://localhost:6379/0", NULL, NULL },
  { "redis://localhost", "redis://localhost:6379/0", NULL, NULL },
  { "redis://localhost/", "redis://localhost:6379/0", NULL, NULL },
  { "redis://[::1]:7000/15", "redis://[::1]:7000/15", NULL, NULL },
  { "redis://h:1?db=3", "redis://h:1/3", NULL, NULL },
  { "redis://h:65535/2?db=3", "redis://h:65535/3", NULL, NULL },
  { "redis://:s3cret@h", "redis://h:6379/0", NULL, SECRET },
  { "redis://joe:s3cret@h", "redis://h:6379/0", "joe", SECRET },
  { "redis://a%3Ab:%40%2Fx@h", "redis://h:6379/0", "a:b", "@/x" },
  { "redis://u:a@b@h", "redis://h:6379/0", "u", "a@b" },
  { "rediss://h/1", "rediss://h:6379/1", NULL, NULL },
  { "unix:///run/redis.sock", "unix:///run/redis.sock", NULL, NULL },
  { "unix://u:s3cret@/a%20b?db=2", "unix:///a%20b?db=2", "u", SECRET },
  { "sentinel://a,b:1/mymaster", "sentinel://a:26379,b:1/mymaster", NULL, NULL },
  { "sentinel://:s3cret@[::1]:2/m?db=7", "sentinel://[::1]:2/m?db=7", NULL, SECRET },
};

static const char *const bad[] = {
  "",
  "redis",
  "http://s3cret",
  "redis://h:0",
  "redis://h:65536",
  "redis://h:s3cret",
  "redis://h:+1",
  "redis://h: 1",
  "redis://h/s3cret",
  "redis://h/-1",
  "redis://h/2147483648",
  "redis://h/0/s3cret",
  "redis://h?ssl_ca_certs=/s3cret",
  "redis://h?s3cret=1",
  "redis://h?db=",
  "redis://u:s3cret/x@h",
  "redis://s3cret@h",
  "redis://u:@h",
  "redis://u:s3cret%2@h",
  "redis://u:s3cret%00@h",
  "redis://a b",
  "redis://a,b",
  "redis://::1",
  "redis://[::1",
  "redis://[]",
  "redis://[s3cret]",
  "rediss://h?ssl_ca_certs=relative",
  "rediss://h?ssl_ca_certs=/a&ssl_ca_certs=/b",
  "unix://",
  "unix:///",
  "unix://s3cret/x",
  "sentinel:///m",
  "sentinel://a",
  "sentinel://a/",
  "sentinel://a,/m",
  "sentinel://a/m/s3cret",
};

static void
test_good (gconstpointer data)
{
  const Good *row = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisAddress) address = channels_redis_address_parse (row->url, &error);
  g_autoptr (ChannelsRedisAddress) again = NULL;

  g_test_summary ("A URL is read, and shown without its secrets in a form that reads the same");

  g_assert_no_error (error);
  g_assert_cmpstr (address->display, ==, row->display);
  g_assert_cmpstr (address->user, ==, row->user);
  g_assert_cmpstr (address->password, ==, row->password);

  again = channels_redis_address_parse (address->display, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again->display, ==, row->display);
}

static void
test_bad (gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_test_summary ("What is no URL of a Redis is refused, and nothing of it repeated");

  g_assert_null (channels_redis_address_parse (data, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_null (strstr (error->message, SECRET));
}

static void
test_authorities (void)
{
  g_autoptr (ChannelsRedisAddress) address =
      channels_redis_address_parse ("rediss://h?ssl_ca_certs=/etc/my%20ca.pem&db=1", NULL);

  g_test_summary ("TLS may have its own authorities");

  g_assert_true (address->tls);
  g_assert_cmpstr (address->ca_file, ==, "/etc/my ca.pem");
  g_assert_cmpuint (address->database, ==, 1);
}

static char *
make_sentinels (guint n)
{
  GString *url = g_string_new ("sentinel://a");

  for (guint i = 1; i < n; i++)
    g_string_append (url, ",a");

  return g_string_free (g_string_append (url, "/m"), FALSE);
}

static void
test_sentinels (void)
{
  g_autofree char *most = make_sentinels (CHANNELS_LAYER_HOSTS_SENTINELS_MAX);
  g_autofree char *too_many = make_sentinels (CHANNELS_LAYER_HOSTS_SENTINELS_MAX + 1);
  g_autoptr (ChannelsRedisAddress) address = channels_redis_address_parse (most, NULL);

  g_test_summary ("There is a bound on the Sentinels of a URL");

  g_assert_cmpuint (address->hosts->len, ==, CHANNELS_LAYER_HOSTS_SENTINELS_MAX);
  g_assert_null (channels_redis_address_parse (too_many, NULL));
}

static void
test_length (void)
{
  g_autofree char *name = g_strnfill (CHANNELS_LAYER_HOSTS_URL_MAX - strlen ("redis://"), 'a');
  g_autofree char *longest = g_strconcat ("redis://", name, NULL);
  g_autofree char *too_long = g_strconcat (longest, "a", NULL);
  g_autoptr (ChannelsRedisAddress) address = channels_redis_address_parse (longest, NULL);

  g_test_summary ("There is a bound on a URL");

  g_assert_nonnull (address);
  g_assert_null (channels_redis_address_parse (too_long, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *path = g_strdup_printf ("/redis-address/good/%u", i);

      g_test_add_data_func (path, &good[i], test_good);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *path = g_strdup_printf ("/redis-address/bad/%u", i);

      g_test_add_data_func (path, bad[i], test_bad);
    }
  g_test_add_func ("/redis-address/authorities", test_authorities);
  g_test_add_func ("/redis-address/sentinels", test_sentinels);
  g_test_add_func ("/redis-address/length", test_length);

  return g_test_run ();
}
