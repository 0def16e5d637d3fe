"""The labels of the form, folded, in both languages, and the codes they become."""

from __future__ import annotations

GROUPS = {
    "canadian citizenship": "citizenship",
    "citoyennete canadienne": "citizenship",
    "language proficiency": "language",
    "competences linguistiques": "language",
    "examinations": "examination",
    "examens": "examination",
    "reference documents": "reference",
    "documents de reference": "reference",
    "additional documents": "document",
    "documents supplementaires": "document",
}
"""Headings of the groups of supporting documents, in the order of the form."""

LEVELS: dict[str, tuple[str | None, str | None]] = {
    "required": ("required", None),
    "requis": ("required", None),
    "conditionally required": ("conditional", None),
    "requis a titre conditionnel": ("conditional", None),
    "additional required img documents": ("conditional", "IMG"),
    "documents additionnels requis pour les dim": ("conditional", "IMG"),
    "optional - will be reviewed": ("optional", None),
    "optionnels - seront examines": ("optional", None),
    "optionnel": ("optional", None),
}
"""Lines that open a block of documents: (level, who is asked; None is every applicant).

A block opens at most once in a group and in the order of `LEVEL_PLACES`: a line that comes again,
or out of order, is a remark of the program. What is required of IMG applicants only is
conditional: it depends on who applies.
"""

LEVEL_PLACES: dict[tuple[str | None, str | None], int] = {
    ("required", None): 1,
    ("conditional", None): 2,
    ("optional", None): 3,
    ("conditional", "IMG"): 4,
}
"""The order in which the form prints the blocks of a group."""

EXAMINATIONS = {
    "casper": "casper",
    "fmproc": "fmproc",
    "cpromf": "fmproc",
    "mccqe part i": "mccqe1",
    "eacmc, partie i": "mccqe1",
    "mccqe part ii": "mccqe2",
    "eacmc, partie ii": "mccqe2",
    "nac": "nac",
    "cne": "nac",
    "lmcc certificate": "lmcc_certificate",
    "certificat du lcmc": "lmcc_certificate",
    "usmle1": "usmle1",
    "usmle2-ck": "usmle2_ck",
    "usmle2-cs": "usmle2_cs",
    "usmle3": "usmle3",
}

DOCUMENTS = {
    "personal letter": "personal_letter",
    "lettre de motivation": "personal_letter",
    "custom resume / cv": "custom_cv",
    "curriculum vitae": "custom_cv",
    "curriculum vitae personnalise": "custom_cv",
    "medical school transcript": "medical_school_transcript",
    "releve de notes medicale": "medical_school_transcript",
    "medical student performance record": "mspr",
    "dossier de rendement de l'etudiant en medecine": "mspr",
    "photo": "photo",
    "photographie": "photo",
    "medical school diploma": "medical_school_diploma",
    "diplome de medecine": "medical_school_diploma",
    "self-identification questionnaire": "self_identification_questionnaire",
    "abstract/publications": "abstracts_publications",
    "abstrait/publication": "abstracts_publications",
    "undergraduate transcript (bachelor's degree)": "undergraduate_transcript",
    "releve de notes de 1er cycle (p. ex. baccalaureat, baccalaureat es sciences)": (
        "undergraduate_transcript"
    ),
    "graduate transcript (master/phd degree)": "graduate_transcript",
    "releve de notes du 2e ou 3e cycle (p. ex. doctorat, maitrise es sciences)": (
        "graduate_transcript"
    ),
    "residency transcript": "residency_transcript",
    "releve de notes de residence medicale": "residency_transcript",
    "cegep transcript": "cegep_transcript",
    "declaration of indigenous ancestry": "declaration_of_indigenous_ancestry",
    "family medicine rural addendum/questionnaire": "family_medicine_rural_addendum",
    "family medicine integrated emergency medicine addendum": (
        "family_medicine_emergency_addendum"
    ),
    "img-bc clinical assessment program": "img_clinical_assessment",
    "alberta img clinical assessment placement": "img_clinical_assessment",
    "alberta img program (aimgp) multiple mini interview (mmi) results": "img_mmi_results",
    "lettre de reconnaissance de l'equivalence du diplome md": "md_equivalence_letter",
    "cedis (centre d'evaluation des diplomes internationaux en sante)": "cedis_assessment",
    "detailed outline of medical practice experience": "medical_practice_experience",
    "description detaillee de l'experience de l'exercice de la medecine": (
        "medical_practice_experience"
    ),
    "proof of most recent clinical experience": "recent_clinical_experience",
    "preuve de l'experience clinique la plus recente": "recent_clinical_experience",
    "ophthalmological report": "ophthalmological_report",
    "rapport d'ophtalmologie": "ophthalmological_report",
    "examen visuel (notamment vision stereoscopique)": "vision_examination",
    "documentation of prior postgraduate training": "prior_postgraduate_training",
    "postgraduate medical training certificate": "postgraduate_training_certificate",
    "certificat de programme de formation postdoctoral": "postgraduate_training_certificate",
    "internship training certificate": "internship_training_certificate",
    "rcpsc assessment of training": "rcpsc_assessment_of_training",
    "rotation evaluations / in training evaluation report (iter)": "rotation_evaluations",
    "evaluations de stages cliniques / rapport d'evaluation en cours": "rotation_evaluations",
    "consent for disclosure": "consent_for_disclosure",
    "memorial declaration for interruptions": "declaration_of_interruptions",
    "memorial core clinical clerkship rotation details": "clerkship_rotation_details",
    "regional connection attestation": "regional_connection_attestation",
    "proof of registration as a clinical assistant or allied health professional in canada": (
        "clinical_assistant_registration"
    ),
    "proof of provincial residency": "proof_of_provincial_residency",
    "nova scotian declaration": "nova_scotian_declaration",
    "new brunswicker declaration": "new_brunswicker_declaration",
    "advanced cardiac life support (acls)": "acls",
    "basic cardiac life support (bcls)": "bcls",
    "program questionnaire": "program_questionnaire",
    "usmle transcript": "usmle_transcript",
    "name change": "name_change",
    "description of research interests": "research_interests",
    "description des interets de recherche": "research_interests",
    "letter of standing": "letter_of_standing",
    "letter of community support": "letter_of_community_support",
    "lettre d'appui communautaire": "letter_of_community_support",
    "diploma": "diploma",
}

LANGUAGE_PROOFS = {
    "ielts": "language_ielts",
    "occupational english test (oet) - medicine": "language_oet",
    "canadian english language proficiency index program (celpip) - general": "language_celpip",
    "toefl - ibt": "language_toefl",
    "faimer / world directory of medical schools": "language_faimer",
    "letter of language proficiency": "language_letter",
    "lettre de competence de la langue": "language_letter",
    "alternative proof of language proficiency": "language_alternative_proof",
    "preuve de competences linguistiques alternative": "language_alternative_proof",
    "examens de competence de la langue francaise": "language_french_test",
    "french language proficiency tests": "language_french_test",
}

CITIZENSHIP = {
    "canadian birth certificate or act of birth": "birth_certificate",
    "certificat de naissance canadien ou acte de naissance": "birth_certificate",
    "certificate of canadian citizenship": "citizenship_certificate",
    "certificat de citoyennete canadienne": "citizenship_certificate",
    "canadian permanent resident card (both sides of card)": "permanent_resident_card",
    "carte de resident permanent au canada (les deux cotes de la carte)": (
        "permanent_resident_card"
    ),
    "confirmation of permanent residence in canada": "permanent_residence_confirmation",
    "confirmation de residence permanente au canada": "permanent_residence_confirmation",
    "passport page showing canadian citizenship": "passport_page",
    "page du passeport indiquant la citoyennete canadienne": "passport_page",
    "canadian citizenship card (both sides of card)": "citizenship_card",
    "carte de citoyennete canadienne (les deux cotes de la carte)": "citizenship_card",
    "record of landing, clearly showing the date of landing in canada": "record_of_landing",
    "valid canadian visa/permit authorization": "visa_or_permit",
    "visa valide du canada/document d'autorisation": "visa_or_permit",
    "preuve de citoyennete / residence permanente canadienne en cours de traitement)": (
        "application_in_process"
    ),
}

LETTER_DISCIPLINES = {
    "medecine familiale": "family_medicine",
    "medecine de famille": "family_medicine",
    "medecine d'urgence": "emergency_medicine",
    "chirurgie orthopedique": "orthopedic_surgery",
    "psychiatrie": "psychiatry",
    "medecine interne": "internal_medicine",
    "medecine physique et readaptation": "physical_medicine_and_rehabilitation",
}
"""French names of the disciplines that have a structured reference letter of their own."""
