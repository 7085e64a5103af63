// SPDX-License-Identifier: LGPL-2.1-or-later

import org.eclipse.hawkbit.autoconfigure.security.EnableHawkbitManagedSecurityConfiguration;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;

/** A hawkBit server, of the libraries in pom.xml alone. Its settings are those of the command line. */
@EnableAutoConfiguration
@EnableHawkbitManagedSecurityConfiguration
public class Server {
    public static void main(String[] settings) {
        SpringApplication.run(Server.class, settings);
    }
}
