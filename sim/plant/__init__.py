"""The vehicle as physics sees it: rigid body, rotors, battery, air and ground."""
