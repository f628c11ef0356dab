/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-ring.h"

/* How many hosts there are, in each column of the rows. */
static const guint hosts[] = { 1, 2, 3, 4, 5, 6, 7, 9, 11, 16, 100 };

/* Made with channels_redis 4.0.0: RedisChannelLayer.consistent_hash (name), with its place on the
 * ring. There are places on both sides of where one host's part ends and the next one's starts. */
static const struct
{
  const char *name;
  guint index[G_N_ELEMENTS (hosts)];
} rows[] = {
  { "chat_chat_room", { 0, 1, 2, 3, 4, 5, 6, 8, 10, 14, 91 } },                           /* 3745 */
  { "a", { 0, 1, 2, 3, 4, 5, 6, 8, 9, 14, 89 } },                                         /* 3651 */
  { "b", { 0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 99 } },                                        /* 4089 */
  { "specific.0123456789abcdef0123456789abcdef!", { 0, 0, 1, 1, 1, 2, 2, 3, 3, 5, 34 } }, /* 1393 */
  { "asgi__group__chat_chat_room", { 0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 98 } },              /* 4042 */
  { "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    "xxxxx",
    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7 } },               /* 294 */
  { "123456789", { 0, 1, 1, 2, 2, 3, 4, 5, 6, 9, 57 } }, /* 2342 */
  { "", { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },           /* 0 */
  { "g2141", { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },      /* 0 */
  { "g1068", { 0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 99 } },   /* 4095 */
  { "g3885", { 0, 0, 1, 1, 2, 2, 3, 4, 5, 7, 49 } },     /* 2047 */
  { "g5622", { 0, 1, 1, 2, 2, 3, 3, 4, 5, 8, 50 } },     /* 2048 */
  { "g1256", { 0, 0, 0, 1, 1, 1, 2, 2, 3, 5, 33 } },     /* 1365 */
  { "g2093", { 0, 0, 1, 1, 1, 2, 2, 3, 3, 5, 33 } },     /* 1366 */
  { "g3919", { 0, 1, 1, 2, 3, 3, 4, 5, 7, 10, 66 } },    /* 2730 */
  { "g4637", { 0, 1, 2, 2, 3, 4, 4, 6, 7, 10, 66 } },    /* 2731 */
  { "g6911", { 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 16 } },     /* 682 */
  { "g3154", { 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 16 } },     /* 683 */
  { "g5838", { 0, 1, 2, 3, 4, 4, 5, 7, 9, 13, 83 } },    /* 3413 */
  { "g1218", { 0, 1, 2, 3, 4, 5, 5, 7, 9, 13, 83 } },    /* 3414 */
  { "g6317", { 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 14 } },     /* 585 */
  { "g2937", { 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 14 } },     /* 586 */
  { "g4531", { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 11 } },     /* 455 */
  { "g6457", { 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 11 } },     /* 456 */
  { "g1928", { 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 9 } },      /* 372 */
  { "g3988", { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 9 } },      /* 373 */
};

static void
test_redis_ring_as_python (void)
{
  g_test_summary ("Each name has the host that channels_redis gives it");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s", rows[i].name);
      for (guint j = 0; j < G_N_ELEMENTS (hosts); j++)
        g_assert_cmpuint (channels_redis_ring_find (rows[i].name, hosts[j]), ==, rows[i].index[j]);
    }
}

static void
test_redis_ring_is_shared_evenly (void)
{
  enum
  {
    N_HOSTS = 5,
    N_NAMES = 10000,
  };
  guint counts[N_HOSTS] = { 0 };

  g_test_summary ("No host has much more than its share, and none is past the last");

  for (guint i = 0; i < N_NAMES; i++)
    {
      g_autofree char *name = g_strdup_printf ("group-%u", i);
      guint index = channels_redis_ring_find (name, N_HOSTS);

      g_assert_cmpuint (index, <, N_HOSTS);
      counts[index]++;
    }

  for (guint i = 0; i < N_HOSTS; i++)
    {
      g_assert_cmpuint (counts[i], >, N_NAMES / N_HOSTS * 9 / 10);
      g_assert_cmpuint (counts[i], <, N_NAMES / N_HOSTS * 11 / 10);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/redis-ring/as-python", test_redis_ring_as_python);
  g_test_add_func ("/redis-ring/is-shared-evenly", test_redis_ring_is_shared_evenly);

  return g_test_run ();
}
