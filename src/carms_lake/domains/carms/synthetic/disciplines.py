"""Disciplines and streams: real names, for invented programs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Discipline:
    """A discipline: its id, its names, how many programs it has for each 815, its usual years."""

    id: int
    name: str
    name_fr: str | None
    share: int
    years: int


DISCIPLINES = (
    Discipline(13, "Anesthesiology", "Anesthésiologie", 27, 5),
    Discipline(96, "Anesthesiology - Clinician Investigator Program", None, 1, 7),
    Discipline(14, "Cardiac Surgery", "Chirurgie cardiaque", 12, 6),
    Discipline(22, "Dermatology", "Dermatologie", 14, 5),
    Discipline(24, "Diagnostic Radiology", "Radiologie diagnostique", 20, 5),
    Discipline(33, "Diagnostic and Clinical Pathology", None, 6, 5),
    Discipline(
        12, "Diagnostic and Molecular Pathology", "Pathologie diagnostique et moléculaire", 22, 5
    ),
    Discipline(25, "Emergency Medicine", "Médecine d'urgence", 26, 5),
    Discipline(27, "Family Medicine", "Médecine familiale", 265, 2),
    Discipline(141, "Family Medicine integrated Clinician Scholar", None, 3, 3),
    Discipline(28, "Family Medicine integrated Emergency Medicine", None, 4, 3),
    Discipline(34, "General Surgery", "Chirurgie générale", 25, 5),
    Discipline(40, "Hematological Pathology", None, 5, 5),
    Discipline(43, "Internal Medicine", "Médecine interne", 44, 4),
    Discipline(47, "Medical Genetics and Genomics", "Génétique et génomique médicales", 8, 5),
    Discipline(48, "Medical Microbiology", None, 8, 5),
    Discipline(52, "Neurology", "Neurologie", 25, 5),
    Discipline(53, "Neurology - Pediatric", "Neurologie chez l'enfant", 9, 5),
    Discipline(54, "Neuropathology", None, 5, 5),
    Discipline(56, "Neurosurgery", "Neurochirurgie", 14, 6),
    Discipline(57, "Nuclear Medicine", "Médecine nucléaire", 7, 5),
    Discipline(58, "Obstetrics and Gynecology", "Obstétrique et Gynécologie", 27, 5),
    Discipline(60, "Ophthalmology", "Ophtalmologie", 17, 5),
    Discipline(61, "Orthopedic Surgery", "Chirurgie orthopédique", 24, 5),
    Discipline(
        63,
        "Otolaryngology - Head and Neck Surgery",
        "Oto-rhino-laryngologie et chirurgie cervico-faciale",
        15,
        5,
    ),
    Discipline(81, "Pediatrics", "Pédiatrie", 37, 4),
    Discipline(
        110, "Pediatrics - Clinician Scientist and Investigator Training Program", None, 1, 6
    ),
    Discipline(140, "Pediatrics - Research Track", None, 1, 5),
    Discipline(
        82, "Physical Medicine & Rehabilitation", "Médecine physique et réadaptation", 15, 5
    ),
    Discipline(83, "Plastic Surgery", "Chirurgie plastique", 15, 5),
    Discipline(84, "Psychiatry", "Psychiatrie", 51, 5),
    Discipline(106, "Psychiatry - Research Track", None, 2, 6),
    Discipline(
        20, "Public Health and Preventive Medicine", "Santé publique et médecine préventive", 8, 5
    ),
    Discipline(107, "Public Health and Preventive Medicine including Family Medicine", None, 10, 5),
    Discipline(85, "Radiation Oncology", "Radio-oncologie", 14, 5),
    Discipline(92, "Urology", "Urologie", 17, 5),
    Discipline(93, "Vascular Surgery", "Chirurgie vasculaire", 11, 5),
)
"""All disciplines, in the order of the discipline workbook."""

STREAMS_FR = {
    "CMG Stream for CMG": "Groupe DCM pour DCM",
    "CMG Stream including MOTP/MMTP for CMG": "Groupe DCM incluant PIMM/PMEM pour DCM",
    "Regular RoS Stream for All": "Groupe régulier - service post-formation pour Tous",
    "Regular Stream for All": "Groupe Régulier pour Tous",
    "Regular Stream including MOTP/MMTP for All": "Groupe Régulier incluant PIMM/PMEM pour Tous",
}
"""What French documents call the streams that they have."""
