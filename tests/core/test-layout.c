/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The choice of the tty that is the AT port: by the table, by the configuration, by likelihood where neither decides,
 * and no tty while the right one may still appear. */

#include "core/quectel/layout.h"
#include "testing.h"

#define ALL 0xffffffffu

static const LayoutPort asr[] = { { 2, 2, "Mobile Diag Interface" },
                                  { 3, 3, "Mobile AT Interface" },
                                  { 4, 3, "Mobile MODEM Interface" } };

static int find(uint16_t pid, int override, uint32_t interfaces, const LayoutPort *ports, size_t n)
{
        int found = layout_find_at_port(pid, override, interfaces, ports, n);

        return found < 0 ? -1 : (int)ports[found].interface;
}

START_TEST(table)
{
        static const struct {
                uint16_t pid;
                int at;
        } rows[] = { { 0x6001, 3 }, { 0x6002, 3 }, { 0x6005, 3 }, { 0x6026, 3 }, { 0x6007, 2 }, { 0x0901, 2 },
                     { 0x0903, 2 }, { 0x0125, 2 }, { 0x0191, 2 }, { 0x0195, 2 }, { 0x0296, 2 }, { 0x0306, 2 } };
        static const LayoutPort nameless[] = { { 4, 0, "" }, { 3, 0, "" }, { 2, 0, NULL }, { 0, 0, "" }, { 1, 0, "" } };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                ck_assert_msg(find(rows[i].pid, LAYOUT_NO_OVERRIDE, ALL, nameless, 5) == rows[i].at, "%04x",
                              rows[i].pid);
}
END_TEST

/* The modem port of a layout stands in for its AT port, if the device has no such interface; another port does not. */
START_TEST(modem_ports)
{
        static const struct {
                uint16_t pid;
                unsigned at, modem;
        } rows[] = { { 0x6001, 3, 4 }, { 0x6002, 3, 4 }, { 0x6005, 3, 4 }, { 0x6026, 3, 4 }, { 0x6007, 2, 3 },
                     { 0x0903, 2, 3 }, { 0x0125, 2, 3 }, { 0x0121, 2, 3 }, { 0x0191, 2, 3 }, { 0x0195, 2, 3 },
                     { 0x0296, 2, 3 }, { 0x0306, 2, 3 } };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                const LayoutPort modem = { rows[i].modem, 0, "" }, other = { rows[i].modem + 1, 0, "" };

                ck_assert_msg(find(rows[i].pid, LAYOUT_NO_OVERRIDE, ~(1u << rows[i].at), &modem, 1) ==
                                      (int)rows[i].modem,
                              "%04x", rows[i].pid);
                ck_assert_msg(find(rows[i].pid, LAYOUT_NO_OVERRIDE, ~(1u << rows[i].at), &other, 1) == -1, "%04x",
                              rows[i].pid);
        }
}
END_TEST

START_TEST(ports_come_in_any_order)
{
        for (size_t a = 0; a < 3; a++)
                for (size_t b = 0; b < 3; b++)
                        if (a != b) {
                                LayoutPort ports[] = { asr[a], asr[b], asr[3 - a - b] };

                                ck_assert_int_eq(find(0x6005, LAYOUT_NO_OVERRIDE, 0x1f, ports, 3), 3);
                                ck_assert_int_eq(find(0x1234, LAYOUT_NO_OVERRIDE, 0x1f, ports, 3), 3);
                        }
}
END_TEST

/* Two ttys of one device may appear a second apart: the modem port, which answers AT too, is not chosen meanwhile. */
START_TEST(waits_for_the_right_one)
{
        ck_assert_int_eq(find(0x6005, LAYOUT_NO_OVERRIDE, 0x1f, &asr[2], 1), -1);
        ck_assert_int_eq(find(0x6005, LAYOUT_NO_OVERRIDE, 0x1f, &asr[0], 1), -1);
        ck_assert_int_eq(find(0x6005, LAYOUT_NO_OVERRIDE, 0x1f, asr, 0), -1);
        /* a build without that interface has only the modem port */
        ck_assert_int_eq(find(0x6005, LAYOUT_NO_OVERRIDE, 0x17, &asr[2], 1), 4);
}
END_TEST

START_TEST(configuration_takes_precedence)
{
        ck_assert_int_eq(find(0x6005, 4, 0x1f, asr, 3), 4);
        ck_assert_int_eq(find(0x6005, 2, 0x1f, asr, 3), 2);
        ck_assert_int_eq(find(0x6005, 7, 0x1f, asr, 3), -1);
        ck_assert_int_eq(find(0x6005, 0, 0x1f, asr, 3), -1);
        ck_assert_int_eq(find(0x6005, 31, ALL, asr, 3), -1);
}
END_TEST

START_TEST(unknown_layouts)
{
        static const LayoutPort both_at[] = { { 5, 3, "Mobile AT Interface" }, { 4, 3, "Mobile AT Interface" } };
        static const LayoutPort by_endpoints[] = { { 0, 2, "" }, { 1, 3, "" }, { 2, 3, "" } };
        static const LayoutPort never[] = { { 0, 3, "Mobile Diag Interface" }, { 1, 3, "NMEA" }, { 2, 3, "GPS" } };
        static const LayoutPort only[] = { { 0, 2, "" } };

        ck_assert_int_eq(find(0x1234, LAYOUT_NO_OVERRIDE, 0x30, both_at, 2), 4);
        ck_assert_int_eq(find(0x1234, LAYOUT_NO_OVERRIDE, 0x07, by_endpoints, 3), 1);
        ck_assert_int_eq(find(0x1234, LAYOUT_NO_OVERRIDE, 0x07, never, 3), -1);
        ck_assert_int_eq(find(0x1234, LAYOUT_NO_OVERRIDE, 0x01, only, 1), 0);
        ck_assert_int_eq(find(0x1234, LAYOUT_NO_OVERRIDE, 0, NULL, 0), -1);
}
END_TEST

START_TEST(usual_at_ports)
{
        ck_assert(layout_is_usual_at_port(0x6005, 3) && !layout_is_usual_at_port(0x6005, 4));
        ck_assert(layout_is_usual_at_port(0x0125, 2) && !layout_is_usual_at_port(0x0125, 3));
        ck_assert(layout_is_usual_at_port(0x1234, 3) && !layout_is_usual_at_port(0x1234, 2));
}
END_TEST

START_TEST(diag_ports)
{
        ck_assert(layout_has_diag_port(0x6005, asr, 3));
        ck_assert(layout_has_diag_port(0x1234, asr, 3));
        ck_assert(!layout_has_diag_port(0x6005, &asr[1], 2));
        ck_assert(!layout_has_diag_port(0x6005, NULL, 0));
}
END_TEST

START_TEST(boot_roms)
{
        static const uint16_t roms[][2] = {
                { LAYOUT_CHIP_VENDOR_ID, 0x3001 }, { LAYOUT_CHIP_VENDOR_ID, 0x3004 },
                { LAYOUT_CHIP_VENDOR_ID, 0x4e11 }, { 0x1286, 0x821a },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(roms); i++) {
                ck_assert(layout_is_boot_rom(roms[i][0], roms[i][1]));
                ck_assert(!layout_is_boot_rom(roms[i][0], roms[i][1] + 1));
                ck_assert(!layout_is_boot_rom(0x2c7c, roms[i][1]));
        }
}
END_TEST

/* An interface 3 with the label DIAG is not the AT port, whatever its number. */
START_TEST(diag_is_never_the_at_port)
{
        static const LayoutPort odd[] = { { 3, 2, "Mobile Diag Interface" }, { 4, 3, "Mobile AT Interface" } };

        ck_assert_int_eq(find(0x1234, LAYOUT_NO_OVERRIDE, 0x10, odd, 2), 4);
}
END_TEST

/* Listings of modules in the field: a label beats the number. */
START_TEST(label_beats_the_number)
{
        static const LayoutPort at_at_2[] = { { 3, 3, "Mobile Modem Interface" }, { 2, 3, "Mobile AT Interface" } };
        static const LayoutPort nmea_in_front[] = { { 2, 3, "Mobile NMEA Interface" },
                                                    { 3, 2, "Mobile Diag Interface" },
                                                    { 4, 3, "Mobile AT Interface" },
                                                    { 5, 3, "Mobile Modem Interface" } };
        static const LayoutPort audio_behind[] = { { 2, 2, "Mobile Diag Interface" },
                                                   { 3, 3, "Mobile AT Interface" },
                                                   { 4, 3, "Mobile AT Interface" },
                                                   { 5, 1, "UAC" } };
        static const LayoutPort option_everywhere[] = { { 0, 1, "Mobile ECM Network Adapter" },
                                                        { 1, 2, "Mobile ECM Network Adapter" },
                                                        { 2, 2, "" },
                                                        { 3, 3, "" },
                                                        { 4, 3, "" } };

        ck_assert_int_eq(find(0x6005, LAYOUT_NO_OVERRIDE, 0x1f, at_at_2, 2), 2);
        ck_assert_int_eq(find(0x6005, LAYOUT_NO_OVERRIDE, 0x3f, nmea_in_front, 4), 4);
        ck_assert_int_eq(find(0x6005, LAYOUT_NO_OVERRIDE, 0x3f, &nmea_in_front[2], 1), -1); /* 3 may be the AT port,
                                                                                               too */
        ck_assert_int_eq(find(0x6005, LAYOUT_NO_OVERRIDE, 0xff, audio_behind, 4), 3);
        ck_assert_int_eq(find(0x6005, LAYOUT_NO_OVERRIDE, 0x1f, option_everywhere, 5), 3);
        ck_assert_int_eq(find(0x6005, 3, 0x1f, at_at_2, 2), 3); /* the configuration takes precedence over both */
}
END_TEST

static int find_other(uint32_t tried, const LayoutPort *ports, size_t n)
{
        int found = layout_find_other_port(0x6005, tried, ports, n);

        return found < 0 ? -1 : (int)ports[found].interface;
}

/* When the chosen port is mute: the others with three endpoints one by one, but not DIAG or NMEA. */
START_TEST(other_ports)
{
        static const LayoutPort ports[] = { { 4, 3, "" }, { 3, 3, "" }, { 2, 3, "" },          { 1, 2, "" },
                                            { 6, 0, "" }, { 5, 3, "" }, { 7, 3, "NMEA port" }, { 8, 3, "DIAG" } };

        ck_assert_int_eq(find_other(1u << 3, ports, 8), 2);
        ck_assert_int_eq(find_other(1u << 3 | 1u << 2, ports, 8), 4);
        ck_assert_int_eq(find_other(1u << 3 | 1u << 2 | 1u << 4, ports, 8), 5);
        ck_assert_int_eq(find_other(1u << 3 | 1u << 2 | 1u << 4 | 1u << 5, ports, 8), -1);
        ck_assert_int_eq(find_other(1u << 3, asr, 3), 4);
        ck_assert_int_eq(find_other(0, asr, 1), -1);
}
END_TEST

START_TEST(diag_port)
{
        static const LayoutPort nameless[] = { { 2, 2, "" } }, other[] = { { 3, 3, "" } },
                                named[] = { { 7, 2, "DIAG" } };

        ck_assert(layout_has_diag_port(0x6005, asr, 3));
        ck_assert(layout_has_diag_port(0x6005, nameless, 1));
        ck_assert(!layout_has_diag_port(0x6005, other, 1));
        ck_assert(!layout_has_diag_port(0x1234, nameless, 1));
        ck_assert(layout_has_diag_port(0x1234, named, 1));
        ck_assert(!layout_has_diag_port(0x6005, NULL, 0));
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("layout");

        tcase_add_test(t, table);
        tcase_add_test(t, modem_ports);
        tcase_add_test(t, usual_at_ports);
        tcase_add_test(t, diag_ports);
        tcase_add_test(t, boot_roms);
        tcase_add_test(t, ports_come_in_any_order);
        tcase_add_test(t, waits_for_the_right_one);
        tcase_add_test(t, configuration_takes_precedence);
        tcase_add_test(t, unknown_layouts);
        tcase_add_test(t, diag_is_never_the_at_port);
        tcase_add_test(t, label_beats_the_number);
        tcase_add_test(t, other_ports);
        tcase_add_test(t, diag_port);
        return testing_run(t, "layout");
}
