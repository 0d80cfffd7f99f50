"""Files and topics that the offline commands read and write: histories, labelled texts, parameter files."""
