"""What a site and a device are: settings, the site file, the firewall, enrolment, identity."""
