"""The French form, with the accents that the real one drops."""

from __future__ import annotations

from carms_lake.domains.carms.synthetic.language import Labels

FR = Labels(
    iteration="Jumelage principal R-1 de {year} - premier tour",
    approved="Approuve le",
    quota="Quota approximatif:",
    quota_note="cliquez ici",
    accreditation="Statut d’agrément :",
    accreditation_values={
        "accredited": "Agréé",
        "joint_arrangement": "Agréé selon des arrangements conjoints entre les institutions",
        "intent_to_withdraw": "Avis d'intention de retrait de l'agrément",
    },
    criteria_link="Criteres provinciaux",
    copy_link=(
        "Imprimer copier le lien",
        "Lien pour accéder à cette description de programme  \n  ",
        "Pour copier ce lien, faites Ctrl-C sur votre clavier ou cliquez avec le bouton droit de "
        "votre souris sur le texte surligné et choisissez Copy du menu",
    ),
    director="Directeur de programme",
    salutation="Dr(e)",
    address="Adresse",
    work="Travail",
    fax="Télécopieur",
    websites="Sites Web d'interet",
    contact=("Nom: ", "Titre : ", "Adresse électronique : ", "Téléphone: "),
    application_language="Langue de candidature du programme :  ",
    application_languages={
        "en": "Anglais",
        "fr": "Français",
        "either": "Soit en anglais, soit en français",
    },
    citizenship=(
        "Citoyenneté canadienne",
        "Documents doivent être notariés/certifiés",
        "Requis",
        "Soumettez un des documents suivants afin de vérifier votre statut de citoyenneté "
        "canadienne :",
    ),
    citizenship_documents=(
        "Certificat de naissance canadien ou acte de naissance",
        "Certificat de citoyenneté canadienne",
        "Carte de citoyenneté canadienne (les deux côtés de la carte)",
        "Carte de résident permanent au Canada (les deux côtés de la carte)",
        "Preuve de citoyenneté / résidence permanente canadienne en cours de traitement)",
    ),
    language_proficiency="Compétences linguistiques",
    language_proof="Soumettez un des documents suivants afin de vérifier vos compétences "
    "linguistiques :",
    language_tests=("Preuve de compétences linguistiques alternative",),
    levels={
        "required": "Requis",
        "conditional": "Requis à titre conditionnel",
        "img": "Documents additionnels requis pour les DIM",
        "optional": "Optionnels - seront examinés",
    },
    examinations="Examens",
    examination_names={
        "casper": ("Casper", "Langue de l’examen:      Français", "* Note"),
        "fmproc": ("CProMF", "* Note"),
        "mccqe1": (
            "EACMC, partie I",
            "* Note et documents",
            "* EACMC, partie I - Relevé de résultats",
        ),
        "nac": ("CNE", "* Note et documents", "* Examen de la CNE - Relevé de résultats"),
    },
    references="Documents de référence",
    reference_kinds={
        "letter": "Lettre de recommandation",
        "structured": "Lettre de recommandation structurée en {discipline}",
        "form": "Formulaire d'appui au candidat",
    },
    number_requested="Nombre de document(s) demandé:",
    additional_documents="Documents supplémentaires",
    documents=(
        "Curriculum vitae",
        "Relevé de notes médicale",
        "Dossier de rendement de l’étudiant en médecine",
        "Photographie",
    ),
    letter="Lettre de motivation",
    word_count="Nombre de mots",
    no_limit="Aucun",
    review=(
        "Les demandes soumises après le début de la révision du dossier ouvert le {day}",
        "Documents additionnels (sans les lettres de recommandation) soumis après le début de la "
        "période d'examen des dossiers :  ouvert le  {day}",
        "Lettres de recommandation soumises après la date de démasquage : ouvert le {day}",
    ),
    review_choices="  seront pris en considération jusqu’au  \n  ne seront PAS pris en "
    "considération",
    dates="Dates:",
    date_details="Renseignements concernant les dates d'entrevue :",
    notification="Avis/Convocation :",
    interview_process_details="Renseignements concernant le processus d'entrevue :",
    subheadings=(
        "Objectifs du programme",
        "Objectifs du processus de sélection",
        "Processus d’examen des dossiers",
        "Critères de stage à option",
        "Processus d‘entrevue",
        "Information recueillie à l’extérieur de la candidature de CaRMS",
        "Processus de classement",
    ),
    review_team="Composition de l'equipe d'examen des dossiers :",
    applications="Nombre moyen de demandes soumises au programme pendant les cinq dernières "
    "années :",
    interviewed="Pourcentage moyen de candidats invités à une entrevue :",
    evaluation="Critères d’évaluation :",
    file_table="Composants de dossier | Critères",
    file_rows=(
        "Activités parascolaires",
        "Compétences de leadership",
        "Curriculum vitae",
        "Documents de référence",
        "DREM",
        "Examens",
        "Lettres personnelles",
        "Recherche/publications",
        "Relevés de notes",
        "Stages à option",
    ),
    file_not_evaluated="Nous n'examinons pas cet aspect du dossier",
    elective_requirement="Exigences des stages a option:",
    onsite="Stage a option dans notre etablissement:",
    elective_rules={
        "one_in_discipline": "Nous encourageons les candidats a completer au moins un stage a "
        "option dans notre discipline.",
        "broad_range": "Nous cherchons et recompensons les candidats qui ont complete une grande "
        "gamme de stages a option, incluant des stages a option dans notre discipline.",
        "not_evaluated": "Nous n'examinons pas ce composant",
    },
    onsite_rules={
        "preferred": "Nous preferons des candidats qui ont suivi des stages a option dans notre "
        "etablissement.",
        "not_required": "Nous n'exigeons pas que les candidats aient suivi des stages a option "
        "dans notre etablissement.",
    },
    elective_other="Autres informations concernant les stages à option:",
    interview_format=(
        "Format d’entrevue :",
        "Traditionnel (individuel, deux personnes)",
        "Comité",
        "Mini-entrevues multiples",
    ),
    rescheduling={
        "routinely": "Nous accommodons couramment des demandes de reportage des entrevues pour "
        "des candidats.",
        "in_unforeseen_circumstances": "Nous pouvons accommoder des demandes de reportage des "
        "entrevues pour des candidats en raison d’intempéries, de pannes technologiques ou de "
        "circonstances imprévues.",
        "not_after_scheduling": "Nous ne reportons pas les entrevues pour les candidats après "
        "avoir complété le processus de planification.",
    },
    interview_evaluation="Critères d’évaluation pour les entrevues :",
    interview_table="Composants d’entrevue | Critères",
    interview_rows=(
        "Activités savantes",
        "Collégialité",
        "Compétences en collaboration",
        "Compétences en communication",
        "Compétences en leadership",
        "Intérêt envers la discipline",
        "Intérêt envers le programme",
        "Professionnalisme",
        "Promotion de la santé",
    ),
    interview_not_evaluated="Nous n’examinons pas ce composant d’entrevue",
    outside_not_considered="Nous n’examinons pas l’information recueillie à l’extérieur de la "
    "candidature de CaRMS et des processus locaux d’entrevue.",
    outside_considered=(
        "Spécifiquement, nous pourrions considérer :",
        "Interaction sociale pendant des évènements liés au programme",
        "Communication avec l’administration du programme",
        "Médias sociaux",
        "Références par courriel non sollicitées",
        "Lettres de recommandation non sollicitées",
        "Information verbale non sollicitée concernant la performance antérieure d’un candidat",
        "Des commentaires non sollicités de la part de collègues ou collaborateurs",
    ),
    ranking=(
        "Les comportements observés ci-dessous pendant le processus d’entrevue pourraient "
        "empêcher un candidat d’être classé par notre programme. :",
        "Comportement non professionnel ou inapproprié",
        "Absence lors de l’entrevue",
        "Performance lors de l’entrevue n’est pas compétitive",
    ),
    length="Ce programme de résidence est d'une durée de {years} années.",
    length_standard="La duree du programme de formation n'excede pas les standards du College "
    "Royal ou du College des medecins de famille du Canada.",
    changes="SUMMARY ID | Section | Résumé des modifications | Mis à jour le | NOTIFY APPLICANTS "
    "| SECTION NAME | Actions",
)
