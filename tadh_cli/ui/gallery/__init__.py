"""Pages of avatars and voices, to be looked at and listened to: data in, one self-contained document out."""
